// A browser that is a terminal: keys and scans in, the server's prompts out. It knows no rules.

import { functionKey, GS, GUARD_MS, LENGTH_MAX, loneDigit, meaning, QUIET_MS, split, viaOf }
  from "./line.js";
import { Link } from "./link.js";
import { picture, Photos } from "./pictures.js";
import { say } from "./say.js";
import { at, draw, keyButton, make, put, waitingPrompt, whole } from "./screen.js";
import { closeSheet, drawPad, keysSheet, pictureSheet, wholeSheet } from "./sheets.js";
import { forgotten, remembered, setUp } from "./setup.js";
import { ring, wakeSound } from "./sound.js";

const SLOT_REM = 3.85; // of a key in the bottom row: no less than 48 pixels, for a gloved thumb
// Where digits may be meant: quantities, dates, check digits of a place, a code that does not read.
const KEYED = ["qty", "pin", "expiry", "place", "item", "text", "tote", "serial", "weight", "badge",
  "label", "slip", "parcel", "box", "manifest", "document"];
const TICK_MS = 500;

const input = at("input");
const page = random();
let prompt = null;
let link = null;
let photos = null;
let strokes = 0;
let firstMs = 0;
let lastMs = 0;
let endedMs = -GUARD_MS;
let quiet = 0;

// --- what the server says ---------------------------------------------------------------------

function show(next, rung) {
  const before = prompt;
  prompt = whole(next);
  draw(prompt, command);
  drawKeys();
  drawTrouble();
  if (rung) ring(rung);
  if (before && before.step === prompt.step && before.dialogue === prompt.dialogue) return;
  at("body").scrollTop = 0;
  togglePad(prompt.awaits.includes("pin"));
}

/** The answer to one input. */
function heard(answer) {
  if (answer.fault) {
    const message = { severity: "error", code: answer.fault.code, text: answer.fault.message };
    show({ ...prompt, message }, "error");
    return;
  }
  const message = answer.prompt.message;
  const severity = message ? message.severity || "ok" : "tick";
  show(answer.prompt, answer.fate === "refused" ? "error" : severity);
}

/** Something changed between inputs: another prompt, or whether the server is there. */
function changed(next) {
  drawTrouble();
  if (!next) return;
  const news = whole(next);
  const same = (other) => JSON.stringify(other) === JSON.stringify(news);
  if (same(prompt) || same({ ...prompt, message: null })) return;
  const said = news.message && JSON.stringify(news.message) !== JSON.stringify(prompt.message);
  show(news, said ? news.message.severity || "ok" : "");
}

function drawTrouble() {
  const { language } = prompt;
  const sending = link.waiting ? say("screen.sending", language) : "";
  put("sending", link.waiting > 1 ? `${sending} ${link.waiting}` : sending);
  document.body.dataset.waiting = link.waiting;
  const unsent = link.waiting + photos.waiting;
  const words = [];
  if (link.trouble) {
    const seconds = Math.floor((Date.now() - link.trouble.since) / 1000);
    const said = ["not_allowed", "disk_full", "busy"];
    const code = said.includes(link.trouble.reason) ? link.trouble.reason : "reconnecting";
    words.push(say(`screen.${code}`, language, { seconds }));
    if (unsent) words.push(say("screen.unsent", language, { count: unsent }));
    words.push(say("page.nothing_lost", language));
  } else if (photos.waiting) {
    words.push(say("page.photo_under_way", language));
  }
  put("trouble", words.join(" \u00b7 "));
}

// --- what the worker says ---------------------------------------------------------------------

function send(text, via) {
  closeSheet();
  if (prompt.secret && link.waiting) {
    ring("error"); // a PIN is on its way: nothing can be meant before its answer
    return;
  }
  if (!link.say(text, via, prompt.secret && via !== "command")) {
    const text = say("screen.full", prompt.language);
    show({ ...prompt, message: { severity: "error", text } }, "error");
  }
  drawTrouble();
}

/** The key or menu line of *option* was chosen. */
function command(option) {
  if (option.command === "help") wholeSheet(prompt);
  else send(option.command, "command");
}

function act(text, via) {
  if (!text) return;
  const meant = meaning(text, via, prompt);
  if (meant.help) wholeSheet(prompt);
  else send(meant.text, meant.via);
}

function ended() {
  const now = performance.now();
  const text = input.value;
  const via = viaOf(text, lastMs - firstMs, strokes);
  const echo = now - endedMs < GUARD_MS;
  endedMs = now;
  clear();
  if (text) act(text, via);
  else if (!closeSheet() && prompt.locked && !echo) send("ok", "command");
}

function clear() {
  input.value = "";
  strokes = 0;
  clearTimeout(quiet);
}

/** Characters came into the line, one by one or all at once. */
function typed() {
  const now = performance.now();
  if (!strokes) firstMs = now;
  lastMs = now;
  strokes += 1;
  const { whole: scans, rest } = split(input.value);
  if (scans.length) {
    const via = viaOf(scans[0], lastMs - firstMs, strokes);
    clear();
    scans.forEach((text) => act(text, scans.length > 1 ? "scan" : via));
    endedMs = now;
  }
  const left = scans.length ? rest : input.value;
  if (left !== input.value) input.value = left;
  if (input.value.length > LENGTH_MAX) input.value = input.value.slice(0, LENGTH_MAX);
  waitForQuiet();
}

function waitForQuiet() {
  clearTimeout(quiet);
  const option = input.value.length === 1 ? loneDigit(input.value, prompt) : undefined;
  if (!option) return;
  quiet = setTimeout(() => {
    clear();
    send(option.command, "command");
  }, QUIET_MS);
}

function insert(text) {
  input.value += text;
  typed();
}

const ENDS = ["Enter", "Tab"];
const LINE_ENDS = ["j", "m", "i"]; // LF, CR and TAB of scanners that hold ctrl down
const CONTROLS = { "]": GS, "^": "\x1e", "6": "\x1e", "d": "\x04", "_": "\x1f" };

function pressed(event) {
  wakeSound();
  if (event.isComposing) return;
  const { key } = event;
  const chosen = functionKey(key, prompt);
  if (key === "F1") {
    event.preventDefault();
    if (!closeSheet()) wholeSheet(prompt);
  } else if (chosen) {
    event.preventDefault();
    clear();
    send(chosen, "command");
  } else if (ENDS.includes(key) || (event.ctrlKey && LINE_ENDS.includes(key.toLowerCase()))) {
    event.preventDefault();
    ended();
  } else if (event.ctrlKey && CONTROLS[key.toLowerCase()]) {
    event.preventDefault();
    insert(CONTROLS[key.toLowerCase()]);
  } else if (key === "Escape") {
    clear();
    closeSheet();
  } else {
    input.focus({ preventScroll: true }); // whatever was touched last: a scan goes into the line
  }
}

function pasted(event) {
  event.preventDefault();
  insert(event.clipboardData.getData("text"));
}

// --- buttons ----------------------------------------------------------------------------------

function drawKeys() {
  const { language } = prompt;
  const keys = prompt.options.filter((option) => !/^\d$/.test(option.key));
  const useful = keys.filter((option) => !["F1", "F9", "F10"].includes(option.key));
  const own = [sign("more", "\u22ef", "page.keys", openKeys)];
  if (prompt.awaits.some((kind) => KEYED.includes(kind))) {
    own.unshift(sign("digits", "123", "page.digits", () => togglePad(at("pad").hidden)));
  }
  const shoot = () => at("camera").click();
  if (prompt.photo) own.unshift(sign("shoot", "\u{1f4f7}", "page.photo", shoot));
  const slot = SLOT_REM * parseFloat(getComputedStyle(document.documentElement).fontSize);
  const slots = Math.floor(at("keys").clientWidth / slot) - own.length;
  const first = useful.slice(0, Math.max(1, slots));
  const buttons = first.map((option) => keyButton(option, command));
  at("keys").replaceChildren(...buttons, ...own);
  input.setAttribute("aria-label", prompt.ask);
  drawPicture();
}

function sign(name, text, code, press) {
  const button = make("button", { name: `sign ${name}`, text, press });
  button.setAttribute("aria-label", say(code, prompt.language));
  return button;
}

function openKeys() {
  keysSheet(prompt, {
    terminal: link.terminal, theme: changeTheme,
    press: command,
    forget: () => { forgotten(localStorage); location.reload(); },
  });
}

async function drawPicture() {
  const name = prompt.focus.picture || "";
  const url = await picture(link, name);
  if (name !== (prompt.focus.picture || "")) return; // meanwhile something else is shown
  at("picture").hidden = !url;
  document.body.classList.toggle("pictured", Boolean(url));
  if (url && at("thumb").getAttribute("src") !== url) at("thumb").src = url;
  at("picture").setAttribute("aria-label", say("screen.picture", prompt.language));
}

function togglePad(open) {
  at("pad").hidden = !open;
  document.body.classList.toggle("padded", open);
}

function tap(what) {
  if (what === "enter") {
    ended();
    endedMs = -GUARD_MS; // a finger has no echo
  } else if (what === "back") {
    input.value = input.value.slice(0, -1);
  } else if (what === "shut") {
    togglePad(false);
  } else if (what === "letters") {
    letters();
  } else {
    insert(what);
  }
}

/** The telephone's own keyboard, for words: it comes when the line is entered anew. */
function letters() {
  togglePad(false);
  input.blur();
  input.inputMode = "text";
  input.focus();
}

async function shot() {
  const [file] = at("camera").files;
  at("camera").value = "";
  if (!file) return;
  const fault = await photos.send(file, prompt.photo);
  const message = fault ? { severity: "error", text: fault }
    : { severity: "ok", text: say("page.photo_kept", prompt.language) };
  show({ ...prompt, message }, message.severity);
}

function changeTheme() {
  const now = document.documentElement.dataset.theme;
  const next = now === "bright" ? "dark" : "bright";
  document.documentElement.dataset.theme = next;
  localStorage.setItem("genba.theme", next);
}

// --- beginning --------------------------------------------------------------------------------

function listen() {
  document.addEventListener("keydown", pressed);
  input.addEventListener("input", typed);
  document.addEventListener("paste", pasted);
  document.addEventListener("pointerdown", wakeSound);
  // A touched button must not take the line's focus: the next scan is on its way.
  document.addEventListener("mousedown", (event) => {
    if (event.target !== input) event.preventDefault();
  });
  input.addEventListener("blur", () => { input.inputMode = "none"; });
  at("ok").addEventListener("click", () => send("ok", "command"));
  at("picture").addEventListener("click", () => pictureSheet(prompt, at("thumb").src));
  at("camera").addEventListener("change", shot);
  window.addEventListener("online", () => link.wake());
  window.addEventListener("resize", drawKeys);
  document.addEventListener("visibilitychange", () => link.look());
  window.addEventListener("beforeunload", (event) => {
    if (photos.waiting) event.preventDefault();
  });
  window.addEventListener("storage", (event) => {
    if (event.key === "genba.page" && event.newValue !== page) stepBack();
  });
  setInterval(drawTrouble, TICK_MS);
}

/** The terminal was opened in another window: only one of them may be it. */
function stepBack() {
  link.stop();
  document.removeEventListener("keydown", pressed);
  const { language } = prompt;
  const here = () => location.reload();
  const again = make("button", { text: say("page.here", language), press: here });
  const words = make("p", { text: say("page.elsewhere", language) });
  const head = make("header");
  at("sheet").replaceChildren(head, words, again);
  at("sheet").hidden = false;
}

function begin({ terminal, token }) {
  localStorage.setItem("genba.page", page);
  at("setup").hidden = true;
  at("terminal").hidden = false;
  document.title = `${terminal} Genba`;
  link = new Link({
    terminal, token, store: localStorage, language: () => prompt.language, heard, changed,
  });
  photos = new Photos(link, drawTrouble);
  prompt = waitingPrompt(navigator.language.startsWith("ja") ? "ja" : "en");
  drawPad(tap);
  show(prompt, "");
  listen();
  input.focus();
  link.start();
}

function random() {
  return crypto.getRandomValues(new Uint32Array(2)).join("-");
}

const theme = localStorage.getItem("genba.theme");
if (theme) document.documentElement.dataset.theme = theme;
const known = remembered(localStorage);
if (known) begin(known);
else setUp(localStorage, begin);
