// sign-in pages: show the password on request
"use strict";
const show = document.getElementById("show");
show.closest("label").hidden = false;
show.addEventListener("change", () => {
  document.getElementById("password").type = show.checked ? "text" : "password";
});
