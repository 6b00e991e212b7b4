// the desk: live list and talk, alarm, keys. Works on pages that the server has made complete; without it forms still do.
"use strict";
(() => {
  const POLL_MS = 15000, POLL_LOST_MS = 3000, IDLE_MS = 15 * 60000, WARN_MS = 2 * 60000, TOUCH_MS = 60000;
  const $ = (id) => document.getElementById(id);
  const csrf = document.querySelector("meta[name=csrf]").content;
  const tags = new Map();     // path -> ETag of what is on the screen
  const drafts = new Map();   // case -> unsent text; never leaves the memory of the page
  const silenced = new Set(), known = new Set(), shown = new Set();
  const sources = new WeakMap();  // part of the screen -> its HTML as the server made it
  const baseTitle = document.title;
  let first = true, gone = false, live = false, lost = false, loud = false, busy = false, again = false, pressed = false;
  let epoch = 0;              // grows with everything the counsellor does: what was asked for before is then out of date

  // -- fetching parts ------------------------------------------------------------------------------------------------
  async function ask(path, byItself) {
    const headers = { "X-Fragment": "1" };
    if (byItself) headers["X-Live"] = "1";
    if (tags.has(path)) headers["If-None-Match"] = tags.get(path);
    const response = await fetch(path, { headers, cache: "no-store" });
    if (response.status === 401) return ended();
    if (response.status === 304) return null;
    return parsed(response, path);
  }
  async function parsed(response, path) {
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    return { ok: response.ok, status: response.status, page, path, tag: response.headers.get("ETag") || "" };
  }
  function ended() {
    if (gone) return null;
    gone = true;
    document.body.replaceChildren();  // nothing of a talk stays on a screen that nobody watches
    location.replace("/sign-in?ended=1");
    return null;
  }
  async function refresh(byItself = true) {
    if (busy || pressed) { again = true; return; }
    busy = true;
    const began = epoch, stale = () => {
      const no = pressed || epoch !== began;  // nothing moves under a finger that is down
      again ||= no;
      return no;
    };
    try {
      const list = await ask("/", byItself);
      if (list && list.ok && !stale()) showLists(list);
      const id = openId();
      const talk = id && await ask(`/cases/${id}`, byItself);
      if (talk && !stale()) {
        if (talk.ok) showTalk(talk);
        else if (talk.status === 404) { leaveTalk(); say("This talk has been closed or is with somebody else now."); }
      }
      connected(true);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      connected(false);
    } finally {
      busy = false;
    }
    retry();
  }
  function retry() {
    if (!again || busy || pressed) return;
    again = false;
    refresh();
  }
  function release() { pressed = false; retry(); }
  addEventListener("pointerdown", (event) => {
    pressed = event.button === 0;
    setTimeout(release, 3000);  // some windows swallow the end of a press, and no alarm may wait for it
  });
  ["pointerup", "pointercancel"].forEach((name) => addEventListener(name, () => setTimeout(release, 50)));

  // puts a fresh part in the place of the old one, unless they are the same
  function swap(was, part) {
    sources.set(part, part.outerHTML);
    if (sources.get(was) === sources.get(part)) return was;
    was.replaceWith(part);
    return part;
  }
  function record(root) {
    root.querySelectorAll("#lists, [data-part]").forEach((part) => sources.set(part, part.outerHTML));
  }

  // -- the list ------------------------------------------------------------------------------------------------------
  function rows() { return [...document.querySelectorAll("#lists a.row")]; }
  function showLists({ page, path, tag }) {
    const fresh = page.getElementById("lists");
    tags.set(path, tag);
    const old = $("lists");
    if (old) {
      const focused = document.activeElement && document.activeElement.dataset.id;
      const scroll = old.parentElement.scrollTop;
      swap(old, fresh).parentElement.scrollTop = scroll;
      if (focused) rows().find((row) => row.dataset.id === focused)?.focus({ preventScroll: true });
      markOpen();
    }
    noticeNew(fresh);
  }
  function noticeNew(lists) {
    const waiting = [...lists.querySelectorAll("[data-list=waiting] .row")];
    const mine = [...lists.querySelectorAll("[data-list=mine] .row")];
    const signs = [...waiting.map((row) => row.dataset.id), ...mine.map((row) => `${row.dataset.id}:${row.dataset.unread}`)];
    const isNew = signs.some((sign) => !known.has(sign) && !sign.endsWith(":0"));
    signs.forEach((sign) => known.add(sign));
    if (isNew && !first) beep(660);
    first = false;
    alert([...waiting, ...mine].filter((row) => row.dataset.alert));
    alarm(waiting.filter((row) => "danger" in row.dataset || "late" in row.dataset), waiting.length);
  }
  function alert(alerted) {
    const signs = new Set(alerted.map((row) => `${row.dataset.id} ${row.dataset.alert}`));
    [...shown].forEach((sign) => signs.has(sign) || shown.delete(sign));
    const fresh = alerted.filter((row) => !shown.has(`${row.dataset.id} ${row.dataset.alert}`));
    signs.forEach((sign) => shown.add(sign));
    if (!fresh.length) return;
    say(fresh.map((row) => row.dataset.alert).join(" "));
    beep(880);
  }
  function move(step) {
    const all = rows();
    if (!all.length) return;
    const at = all.findIndex((row) => row === document.activeElement);
    const from = at >= 0 ? at : all.findIndex((row) => row.hasAttribute("aria-current"));
    all[Math.max(0, Math.min(all.length - 1, from + step))].focus();
  }
  function markOpen() {
    const id = openId();
    rows().forEach((row) => row.dataset.id === id ? row.setAttribute("aria-current", "true") : row.removeAttribute("aria-current"));
  }

  // -- the talk ------------------------------------------------------------------------------------------------------
  function openId() { return $("talk")?.dataset.id; }
  function showTalk({ page, path, tag }) {
    const fresh = page.getElementById("talk"), old = $("talk");
    tags.set(path, tag);
    if (!old || old.dataset.id !== fresh.dataset.id) {
      record(fresh);
      $("pane").replaceChildren(fresh);
      document.body.classList.add("talk-open");
      settle(true);
      return;
    }
    const lines = $("lines"), atEnd = lines.scrollHeight - lines.scrollTop - lines.clientHeight < 60, top = lines.scrollTop;
    for (const part of fresh.querySelectorAll("[data-part]")) {
      const was = old.querySelector(`[data-part=${part.dataset.part}]`);
      // a draft, and the place of the cursor in it, outlive every update
      if (part.dataset.key !== undefined && part.dataset.key === was.dataset.key) continue;
      if (part.dataset.part === "head" && was.querySelector(".sure[open]") && part.querySelector(".sure")) continue;
      const isOpen = was.open, now = swap(was, part);
      if (now.tagName === "DETAILS") now.open = isOpen;
    }
    if (!atEnd) $("lines").scrollTop = top;
    settle(atEnd);
  }
  function settle(toEnd) {
    markOpen();
    times();
    if (toEnd) $("lines").scrollTop = $("lines").scrollHeight;
    const box = $("text");
    if (box && !box.value && drafts.has(openId())) box.value = drafts.get(openId());
    measure();
  }
  async function openTalk(id, remember = true) {
    const began = epoch += 1;
    tags.delete(`/cases/${id}`);
    const talk = await trying(ask(`/cases/${id}`, false));
    if (!talk || epoch !== began) return;
    if (!talk.ok) { say(textOf(talk.page)); refresh(); return; }
    if (remember) history.pushState({}, "", `/cases/${id}`);
    showTalk(talk);
    ($("text") || $("take") || $("pane")).focus({ preventScroll: true });
  }
  function leaveTalk(remember = true) {
    epoch += 1;
    const row = rows().find((one) => one.dataset.id === openId());
    $("pane").replaceChildren($("nothing").content.cloneNode(true));
    document.body.classList.remove("talk-open");
    if (remember) history.pushState({}, "", "/");
    markOpen();
    row?.focus();
  }
  function times() {
    const format = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit" });
    const day = new Intl.DateTimeFormat([], { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
    const today = new Date().toDateString();
    document.querySelectorAll("time[datetime]").forEach((time) => {
      const at = new Date(time.dateTime);
      time.textContent = (at.toDateString() === today ? format : day).format(at);
      time.title = at.toLocaleString();
    });
  }

  // -- forms ---------------------------------------------------------------------------------------------------------
  async function send(form) {
    const id = openId(), path = new URL(form.action).pathname, isReply = path.endsWith("/reply");
    const button = form.querySelector("button:not([type=button])");
    if (button.disabled) return;
    button.disabled = true;
    epoch += 1;
    const options = { method: "POST", headers: { "X-Fragment": "1" }, body: new URLSearchParams(new FormData(form)) };
    const response = await trying(fetch(path, options), "It is not sure that this arrived. Look at the talk before you try again.");
    button.disabled = false;
    epoch += 1;
    if (!response) return;
    if (response.status === 401) { ended(); return; }
    const arrived = new URL(response.url).pathname;
    const answer = await parsed(response, arrived);
    if (!answer.ok) { say(textOf(answer.page)); refresh(); return; }
    if (arrived === "/") {
      drafts.delete(id);
      leaveTalk();
      showLists(answer);
      say(path.endsWith("/close") ? "The talk is closed. The assistant answers again." : "The talk is back in the queue.");
      return;
    }
    if (isReply) { drafts.delete(id); $("text").value = ""; }
    if (openId() === id) { showTalk(answer); $("lines").scrollTop = $("lines").scrollHeight; $("text")?.focus(); }
    refresh();
  }
  async function trying(promise, sentence = "The desk cannot be reached just now.") {
    try { return await promise; } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      connected(false);
      say(sentence);
      return null;
    }
  }
  const GSM = /^[\n\r @£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ!"#¤%&'()*+,\-./0-9:;<=>?¡A-ZÄÖÑÜ§¿a-zäöñüà^{}\\[\]~|€]*$/;
  function measure() {
    const box = $("text");
    if (!box) return;
    const size = box.value.length, plain = GSM.test(box.value);
    const [one, many] = plain ? [160, 153] : [70, 67];
    const parts = size <= one ? 1 : Math.ceil(size / many);
    const sms = box.form.dataset.channel === "SMS" && size ? ` · ${parts} SMS` : "";
    $("length").textContent = size ? `${size} of 1500${sms}` : "";
  }

  // -- alarm ---------------------------------------------------------------------------------------------------------
  let sound = null;
  let siren = null;
  function wakeSound() {
    if (!sound) {
      sound = new AudioContext();
      sound.onstatechange = ring;
    }
    if (sound.state === "suspended") sound.resume();
    ring();
  }
  function play(tones, volume, loop) {
    // a buffer that loops by itself sounds on in a hidden tab, where timers are slowed down to one a minute
    const rate = sound.sampleRate, length = Math.round(rate * (loop ? 1 : tones.length * 0.22));
    const buffer = sound.createBuffer(1, length, rate), wave = buffer.getChannelData(0);
    tones.forEach((tone, place) => {
      for (let i = 0; i < rate * 0.2; i += 1) {
        const fade = Math.min(1, i / (rate * 0.02), (rate * 0.2 - i) / (rate * 0.05));
        wave[Math.round(place * rate * 0.22) + i] = volume * fade * Math.sin(2 * Math.PI * tone * i / rate);
      }
    });
    const source = sound.createBufferSource();
    source.buffer = buffer;
    source.loop = loop;
    source.connect(sound.destination);
    source.start();
    return source;
  }
  function beep(tone) { if (sound && sound.state === "running") play([tone], 0.06, false); }
  function ring() {
    const audible = sound !== null && sound.state === "running";
    if (loud && audible) siren ??= play([880, 620, 880], 0.35, true);
    if (!loud && siren) { siren.stop(); siren = null; }
    // keeps its place: the page must not jump under the very click that wakes the sound
    $("alarm-sound").classList.toggle("unseen", !loud || audible);
    $("alarm-silence").hidden = !loud;
    $("alarm").classList.toggle("loud", loud);
  }
  function alarm(dangers, waiting) {
    // who was silenced as a danger is heard once more when they wait too long
    const ids = dangers.map((row) => row.dataset.id + ("late" in row.dataset ? ":late" : ""));
    [...silenced].forEach((id) => ids.includes(id) || silenced.delete(id));
    loud = ids.some((id) => !silenced.has(id));
    $("alarm").hidden = !ids.length;
    ring();
    const danger = dangers.filter((row) => "danger" in row.dataset).length, late = ids.length - danger;
    const inDanger = danger === 1 ? "Somebody in danger is waiting" : danger ? `${danger} people in danger are waiting` : "";
    const tooLong = late === 1 ? "Somebody waits too long" : late ? `${late} people wait too long` : "";
    const text = [inDanger, tooLong].filter(Boolean).join(". ");
    if ($("alarm-text").textContent !== text) $("alarm-text").textContent = text;
    if (ids.length) $("alarm-open").href = `/cases/${dangers[0].dataset.id}`;
    $("alarm").dataset.ids = ids.join(" ");
    const count = waiting ? `(${waiting}) ` : "";
    document.title = danger ? `⚠ DANGER (${danger}) · ${baseTitle}` : count + baseTitle;
  }
  function silence() {
    $("alarm").dataset.ids?.split(" ").forEach((id) => id && silenced.add(id));
    loud = false;
    ring();
  }

  // -- staying in touch ----------------------------------------------------------------------------------------------
  let noticeTimer = 0;
  function say(text) {
    $("notice").textContent = text;
    $("notice").hidden = false;
    clearTimeout(noticeTimer);
    noticeTimer = setTimeout(() => { $("notice").hidden = true; }, 7000);
  }
  function textOf(page) { return page.querySelector("#refusal p")?.textContent || "That did not work."; }
  function connected(yes) {
    lost = !yes;
    $("line").textContent = yes ? "Live" : "Connection lost, trying again";
    $("line").className = `line ${yes ? "live" : "lost"}`;
  }
  function listen() {
    const stream = new EventSource("/events");
    stream.onopen = () => { live = true; };
    stream.addEventListener("hint", () => refresh());
    stream.addEventListener("ended", () => { stream.close(); ended(); });
    stream.onerror = () => {
      live = false;
      refresh();  // says whether the desk can be reached at all
      if (stream.readyState === EventSource.CLOSED && !gone) setTimeout(listen, POLL_LOST_MS);
    };
  }
  let active = Date.now(), touched = Date.now();
  function isHere() {
    active = Date.now();
    if (active - touched < TOUCH_MS) return;
    touched = active;
    fetch("/here", { method: "POST", headers: { "X-CSRF-Token": csrf, "X-Fragment": "1" } })
      .then((response) => { if (response.status === 401) ended(); }, () => connected(false));
  }
  ["keydown", "pointerdown", "pointermove", "wheel", "touchstart"].forEach((name) =>
    addEventListener(name, () => { isHere(); if (name !== "pointermove" && name !== "wheel") wakeSound(); }, { passive: true }));
  setInterval(() => {
    if (Date.now() - active < IDLE_MS - WARN_MS) return;
    say("You will be signed out soon. Move the mouse or press a key to stay.");
    beep(520);
  }, 30000);
  setInterval(() => refresh(), POLL_MS);
  // the stream may live on while a fetch fails: then nobody else would ask again for a quarter of a minute
  setInterval(() => { if (!live || lost) refresh(); }, POLL_LOST_MS);

  // -- hands ---------------------------------------------------------------------------------------------------------
  document.addEventListener("submit", (event) => {
    if (!event.target.closest("#talk")) return;
    event.preventDefault();
    send(event.target);
  });
  document.addEventListener("input", (event) => {
    if (event.target.id !== "text") return;
    drafts.set(openId(), event.target.value);
    measure();
  });
  document.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    const link = event.target.closest("a.row, #alarm-open, a.back");
    if (!link || !$("pane")) return;
    event.preventDefault();
    if (link.matches(".back")) leaveTalk(); else openTalk(link.pathname.split("/").pop());
  });
  addEventListener("popstate", () => {
    if (!$("pane")) return;
    const match = location.pathname.match(/^\/cases\/([0-9a-f]{32})$/);
    if (match) openTalk(match[1], false); else if (openId()) leaveTalk(false);
  });
  function escape(target) {
    const sure = document.querySelector(".sure[open]");
    if (sure) sure.open = false;
    else if (target.id === "text") target.blur();
    else if (openId()) leaveTalk();
  }
  const keys = {
    j: () => move(1), k: () => move(-1), s: silence, t: () => $("take")?.click(), r: () => $("text")?.focus(),
    "?": () => $("keys")?.showModal(),
  };
  document.addEventListener("keydown", (event) => {
    const writing = event.target.matches("input, textarea, select");
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.id === "text") {
      event.preventDefault();
      if (event.target.value.trim()) event.target.form.requestSubmit();
    } else if (event.key === "Escape" && !document.querySelector("dialog[open]")) {
      escape(event.target);
    } else if (!writing && !event.ctrlKey && !event.metaKey && !event.altKey && keys[event.key]) {
      event.preventDefault();
      keys[event.key]();
    }
  });
  $("alarm-silence").addEventListener("click", silence);
  if ($("keys")) {
    $("help-button").hidden = false;
    $("help-button").addEventListener("click", () => $("keys").showModal());
  }
  if ($("copy")) {
    $("copy").hidden = false;
    $("copy").addEventListener("click", () => navigator.clipboard.writeText($("link").value).then(() => say("Copied.")));
  }
  document.querySelectorAll("[data-page]").forEach((link) => {
    if (link.pathname === location.pathname || (link.pathname === "/" && $("pane"))) link.setAttribute("aria-current", "page");
  });

  record(document);
  if ($("lists")) noticeNew($("lists"));
  if ($("talk")) settle(true);
  listen();
  refresh();
})();
