"use strict";
// Everything lives in this page's memory only: no cookie, no storage, nothing in an address.

const EXIT = "https://www.bbc.com/weather"; // somewhere that looks like nothing
const SHIFTS = 3, SHIFT_MILLISECONDS = 5000, TYPING_MILLISECONDS = 25000, QUIET_MILLISECONDS = 45000;

const at = (id) => document.getElementById(id);
const talk = at("talk"), form = at("form"), field = at("text"), state = at("state"), choice = at("language");
const waiting = []; // what is not with the server yet, in order

let words = {}, language = "en", token = null, seen = 0, speaker = "assistant", ended = false, sending = false;
let typing = null, typingTimer = 0, listener = null;

const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
const backoff = (tries) => pause(Math.min(15000, 700 * 2 ** tries) * (0.5 + Math.random() / 2));
const newId = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

function make(tag, attributes = {}, ...inside) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...inside);
  return element;
}

// The page's own words

async function dress(wanted) {
  for (let tries = 0; ; tries++) {
    try {
      const answer = await fetch("/web/words?language=" + encodeURIComponent(wanted), { cache: "no-store" });
      if (answer.ok) { wear(await answer.json()); return; }
    } catch { /* no connection */ }
    await backoff(tries);
  }
}

function wear(page) {
  words = page.words;
  language = page.language;
  document.documentElement.lang = language;
  document.documentElement.dir = page.direction;
  document.title = words.title;
  at("name").textContent = words.amana;
  at("leave").textContent = words.exit;
  at("leave").title = words.exit_help;
  at("language-label").textContent = words.language;
  at("text-label").textContent = words.placeholder;
  at("send-label").textContent = words.send;
  field.placeholder = words.placeholder;
  talk.setAttribute("aria-label", words.title);
  choice.replaceChildren(...page.languages.map((one) => make("option", { value: one.code, lang: one.code }, one.name)));
  choice.value = language;
  at("leave-first").textContent = words.exit;
  at("code").textContent = words.code_get;
  form.hidden = false;
  welcome(page.starts);
}

function welcome(starts) {
  talk.querySelector(".welcome")?.remove();
  const said = make("div", { class: "said", dir: "auto" }, words.intro);
  const notes = matchMedia("(pointer: fine)").matches ? [words.private, words.exit_help] : [words.private];
  const small = notes.map((text) => make("p", { class: "note", dir: "auto" }, text));
  const back = token ? [] : [comeBack()];
  talk.prepend(make("li", { class: "welcome" }, said, choices(starts.map((title) => ({ title }))), ...small, ...back));
}

// Coming back with a code, which is asked for, shown once and kept nowhere

function comeBack() {
  const place = make("div", { class: "choices" });
  const open = make("button", { type: "button", class: "plain" }, words.code_have);
  const typed = make("input", { inputmode: "numeric", autocomplete: "off", maxlength: 20, "aria-label": words.code_enter, placeholder: words.code_enter });
  const go = make("button", { type: "button", "aria-label": words.send }, "→");
  open.addEventListener("click", () => { place.replaceChildren(typed, go); typed.focus(); });
  go.addEventListener("click", () => resume(typed.value, place));
  typed.addEventListener("keydown", (event) => { if (event.key === "Enter") resume(typed.value, place); });
  place.append(open);
  return place;
}

async function resume(code, place) {
  if (token) return;
  try {
    const answer = await fetch("/web/resume", { method: "POST", body: JSON.stringify({ code }), cache: "no-store" });
    if (answer.ok) {
      const found = await answer.json();
      token = found.token;
      if (ended) { forget(); return; }
      seen = found.after;
      place.remove();
      at("code").hidden = false;
      tell("");
      show(make("li", { class: "note", dir: "auto" }, words.code_back), "theirs");
      listen();
    } else {
      tell(answer.status === 403 ? "code_wrong" : "offline");
    }
  } catch {
    tell("offline");
  }
}

at("code").addEventListener("click", async () => {
  try {
    const headers = { Authorization: "Bearer " + token };
    const answer = await fetch("/web/code", { method: "POST", headers, cache: "no-store" });
    if (!answer.ok) { tell("offline"); return; }
    const code = (await answer.json()).code.replace(/(....)(?=.)/g, "$1 ");
    show(make("li", { class: "note", dir: "auto" }, words.code_shown.replace("{code}", code)), "theirs");
    at("code").hidden = true;
  } catch {
    tell("offline");
  }
});

// What is shown

function show(item, kind) {
  const low = talk.scrollHeight - talk.scrollTop - talk.clientHeight < 120;
  talk.insertBefore(item, item === typing ? null : typing);
  if (kind === "mine") talk.scrollTop = talk.scrollHeight;
  // a long answer is read from its beginning
  else if (low) talk.scrollTop = Math.min(talk.scrollHeight, item.offsetTop - talk.offsetTop - 12);
}

function linked(text) {
  const link = (address) => make("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, address);
  return text.split(/(https:\/\/[^\s<>"']*[\p{L}\p{N}/])/u).map((part, index) => (index % 2 ? link(part) : part));
}

function showTheirs(message) {
  stopTyping();
  speaker = message.author;
  const item = make("li", { class: message.author });
  const human = message.author === "counsellor";
  item.append(make("span", { class: human ? "name" : "quiet" }, human ? words.person : words.amana));
  item.append(make("div", { class: "said", dir: "auto" }, ...linked(message.text)));
  if (message.buttons.length) item.append(choices(message.buttons));
  show(item, "theirs");
}

function choices(buttons) {
  const row = make("div", { class: "choices", role: "group", dir: "auto" });
  for (const one of buttons) {
    const button = make("button", { type: "button", "aria-pressed": "false" }, one.title);
    button.addEventListener("click", () => {
      button.setAttribute("aria-pressed", "true");
      row.querySelectorAll("button").forEach((other) => { other.disabled = true; });
      say({ button: one.id, text: one.title });
    });
    row.append(button);
  }
  return row;
}

function showTyping() {
  if (speaker === "counsellor") return;
  stopTyping();
  const name = make("span", { class: "quiet" }, words.waiting);
  const dots = make("div", { class: "said", "aria-hidden": "true" }, make("i"), make("i"), make("i"));
  typing = make("li", { class: "typing" }, name, dots);
  show(typing, "mine");
  typingTimer = setTimeout(stopTyping, TYPING_MILLISECONDS);
}

function stopTyping() {
  clearTimeout(typingTimer);
  typing?.remove();
  typing = null;
}

function tell(key) {
  const text = key ? words[key] : "";
  if (state.textContent !== text) state.textContent = text;
}

function end() {
  ended = true;
  token = null;
  listener?.abort();
  stopTyping();
  tell("ended");
  form.hidden = true;
  at("code").hidden = true;
  talk.querySelectorAll("button").forEach((button) => { button.disabled = true; });
}

// Saying

function say(message) {
  const item = make("li", { class: "mine waiting" });
  item.append(make("span", { class: "quiet" }, words.you), make("div", { class: "said", dir: "auto" }, message.text));
  show(item, "mine");
  waiting.push({ id: newId(), ...message, item });
  deliver();
}

async function deliver() {
  if (sending) return;
  sending = true;
  for (let tries = 0; waiting.length && !ended; ) {
    const status = await post(waiting[0]);
    if (status >= 200 && status < 300) {
      waiting.shift().item.classList.remove("waiting");
      tries = 0;
      tell("");
      showTyping();
    } else if (status === 403) {
      end();
    } else {
      if (tries++) tell("offline");
      await backoff(tries);
    }
  }
  sending = false;
}

async function post({ id, text, button }) {
  try {
    if (!token) {
      const opened = await fetch("/web/open", { method: "POST", cache: "no-store" });
      if (!opened.ok) return opened.status === 403 ? 503 : opened.status;
      token = (await opened.json()).token;
      if (ended) { forget(); return 0; }
    }
    const headers = { Authorization: "Bearer " + token, "Content-Type": "application/json" };
    const body = JSON.stringify({ id, text, button, language });
    const { ok, status } = await fetch("/web/say", { method: "POST", headers, body, cache: "no-store" });
    // a talk begins with its first word; before that there is nothing to listen to
    if (ok && !listener && token) { at("code").hidden = false; listen(); }
    return status;
  } catch {
    return 0;
  }
}

// Listening: server-sent events over fetch, because EventSource cannot send the token in a header

async function listen() {
  for (let tries = 0; token; tries++) {
    listener = new AbortController();
    try {
      const headers = { Authorization: "Bearer " + token };
      const answer = await fetch("/web/stream?after=" + seen, { headers, signal: listener.signal, cache: "no-store" });
      if (answer.status === 403) { end(); return; }
      if (answer.ok) {
        if (!waiting.length) tell("");
        tries = 0;
        await read(answer.body.getReader());
      }
    } catch { /* connection lost, or silent for too long */ }
    if (!token) return;
    if (tries) tell("offline"); // one quick return is not worth a word
    await backoff(tries);
  }
}

async function read(reader) {
  const decoder = new TextDecoder();
  let rest = "", timer = 0;
  const alive = () => { clearTimeout(timer); timer = setTimeout(() => listener.abort(), QUIET_MILLISECONDS); };
  try {
    for (alive(); ; alive()) {
      const { done, value } = await reader.read();
      if (done) return;
      const blocks = (rest + decoder.decode(value, { stream: true })).split("\n\n");
      rest = blocks.pop();
      blocks.filter((block) => block.startsWith("data: ")).forEach((block) => hear(JSON.parse(block.slice(6))));
    }
  } finally {
    clearTimeout(timer);
  }
}

function hear(message) {
  if (message.seq <= seen) return;
  seen = message.seq;
  showTheirs(message);
}

// Leaving

function forget() {
  // both outlive the page; whoever wrote nothing has no talk to end
  if (token) navigator.sendBeacon("/web/leave", token) || fetch("/web/leave", { method: "POST", body: token, keepalive: true });
  token = null;
  ended = true;
  listener?.abort();
  waiting.length = 0;
  field.value = "";
  talk.replaceChildren();
}

function exit(event) {
  event?.preventDefault();
  at("cover").hidden = false;
  document.title = "Weather";
  forget();
  location.replace(EXIT);
}

let shifts = [];
addEventListener("keydown", (event) => {
  if (event.repeat) return;
  shifts = event.key === "Shift" ? [...shifts, event.timeStamp].slice(-SHIFTS) : [];
  if (shifts.length === SHIFTS && event.timeStamp - shifts[0] <= SHIFT_MILLISECONDS) exit();
});
for (const link of ["leave", "leave-first"]) at(link).addEventListener("click", exit);
addEventListener("pagehide", forget);
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

// Writing

function grow() {
  field.style.height = "auto";
  field.style.height = Math.min(field.scrollHeight + 3, 144) + "px";
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = field.value.trim();
  if (!text || ended) return;
  field.value = "";
  grow();
  say({ text });
  if (matchMedia("(pointer: fine)").matches) field.focus();
});
field.addEventListener("input", grow);
field.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    form.requestSubmit();
  }
});
choice.addEventListener("change", () => dress(choice.value));

dress((navigator.language || "en").split("-")[0]);
