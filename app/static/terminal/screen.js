// Shows any prompt. Words from the server are only ever text: no name of an item becomes markup.

import { say } from "./say.js";

const MARKS = { ok: "", attention: "! ", error: "!! " };

export const at = (id) => document.getElementById(id);

/** A new element: its class, its text, and what to do when it is pressed. */
export function make(tag, { name = "", text = "", press, ...rest } = {}) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  if (text) element.textContent = text;
  if (tag === "button") element.type = "button";
  if (tag === "button") element.tabIndex = -1; // TAB is what scanners end with
  if (press) element.addEventListener("click", press);
  Object.assign(element, rest);
  return element;
}

/** A prompt with everything that the wire leaves out. */
export function whole(prompt) {
  return {
    awaits: [], focus: {}, lines: [], options: [], done: 0, total: 0, message: null, locked: false,
    refused: 0, secret: false, photo: "", help: "", language: "ja", person: "", ...prompt,
  };
}

/** What stands on the screen before the server ever answered. */
export function waitingPrompt(language) {
  return whole({
    dialogue: "link", step: "connecting", title: say("screen.connecting", language),
    ask: say("screen.wait", language), language,
  });
}

/** Draw *prompt*. `press(option)` is called for its buttons. */
export function draw(prompt, press) {
  const language = prompt.language;
  document.documentElement.lang = language;
  document.body.dataset.step = `${prompt.dialogue}.${prompt.step}`;
  document.body.classList.toggle("secret", prompt.secret);
  put("title", prompt.title);
  put("person", prompt.person);
  put("progress", prompt.total ? `${prompt.done}/${prompt.total}` : "");
  put("ask", prompt.ask);
  drawFocus(prompt.focus, language, prompt.awaits);
  at("lines").replaceChildren(...prompt.lines.map((line) => make("li", { text: line })));
  at("lines").hidden = !prompt.lines.length;
  drawMenu(prompt, press);
  drawMessage(prompt);
}

/** Shows *text* in the element *id*, which is not there without it. */
export function put(id, text) {
  const element = at(id);
  if (element.textContent !== text) element.textContent = text;
  element.hidden = !text;
  return element;
}

/** How many half-width characters *text* takes: bigger letters for shorter codes. */
function cells(text) {
  let count = 0;
  for (const character of text) count += character.codePointAt(0) > 0x2000 ? 2 : 1;
  return count;
}

function drawFocus(focus, language, awaits) {
  const big = focus.place || focus.box || focus.parcel || "";
  put("place", big).style.setProperty("--cells", Math.max(4, cells(big)));
  put("item", focus.item || focus.sku || "");
  const numbers = [];
  if (focus.qty !== undefined) {
    numbers.push(number(String(focus.qty), say("screen.pieces", language), "qty"));
  }
  if (focus.weight_g !== undefined) {
    const unit = `g ${say("screen.weight", language)}`;
    numbers.push(number(String(focus.weight_g), unit, "weight"));
  }
  if (focus.tote) numbers.push(tote(focus, language, awaits));
  else if (focus.slot && !big) {
    numbers.push(number(focus.slot, say("screen.slot", language), "qty"));
  }
  at("numbers").replaceChildren(...numbers);
  at("numbers").hidden = !numbers.length;
  const facts = [
    ["screen.sku", focus.item ? focus.sku : ""], ["screen.lot", focus.lot],
    ["screen.expiry", focus.expiry], ["screen.box", focus.box === big ? "" : focus.box],
    ["screen.parcel", focus.parcel === big ? "" : focus.parcel],
  ].filter(([, value]) => value);
  at("facts").replaceChildren(...facts.map(([code, value]) => fact(say(code, language), value)));
  at("facts").hidden = !facts.length;
}

function number(value, unit, name) {
  const shown = make("span", { name });
  shown.append(make("b", { text: value }), make("small", { text: unit }));
  return shown;
}

function tote(focus, language, awaits) {
  const long = focus.tote.length > 12 ? " long" : ""; // a pallet's number fills a row
  const asked = awaits.includes("tote") ? " asked" : "";
  const shown = make("span", { name: `tote${asked}${long}` });
  if (focus.slot) shown.append(make("b", { text: focus.slot }));
  const words = make("span", { name: "tote-code" });
  words.append(make("small", { text: focus.called || say("screen.tote", language) }));
  words.append(make("span", { text: focus.tote }));
  shown.append(words);
  return shown;
}

function fact(label, value) {
  const shown = make("span", { name: "fact" });
  shown.append(make("small", { text: label }), make("span", { text: value }));
  return shown;
}

function drawMenu(prompt, press) {
  const digits = prompt.options.filter((option) => /^\d$/.test(option.key));
  at("menu").replaceChildren(...digits.map((option) => keyButton(option, press)));
  at("menu").hidden = !digits.length;
  at("menu").dataset.count = digits.length;
  at("body").classList.toggle("alone", !prompt.lines.length && !Object.keys(prompt.focus).length);
}

/** A button that does what its key does. */
export function keyButton(option, press) {
  const button = make("button", { press: () => press(option) });
  button.dataset.command = option.command;
  button.append(make("kbd", { text: option.key }), make("span", { text: option.label }));
  return button;
}

function drawMessage(prompt) {
  const { message, language } = prompt;
  const shown = at("message");
  shown.dataset.severity = message ? message.severity || "ok" : "";
  const text = message ? MARKS[message.severity || "ok"] + message.text : "";
  const evidence = message && !prompt.locked ? evidenceOf(message, language).join(" ") : "";
  put("message", prompt.locked ? "" : [text, evidence].filter((part) => part).join(" "));
  shown.hidden = false; // its place stays: nothing jumps when it comes
  drawLock(prompt);
}

function drawLock(prompt) {
  const { message, language } = prompt;
  at("lock").hidden = !prompt.locked;
  document.body.classList.toggle("locked", prompt.locked);
  if (!prompt.locked) return;
  const said = message || { text: "" };
  put("lock-text", said.text || "");
  drawEvidence("lock-expected", "screen.expected", said.expected, language);
  drawEvidence("lock-scanned", "screen.scanned", said.scanned, language);
  const count = prompt.refused;
  put("lock-count", count ? say("screen.refused", language, { count }) : "");
  put("ok", say("page.ok", language));
}

function drawEvidence(id, code, value, language) {
  const shown = at(id);
  shown.hidden = !value;
  if (!value) return;
  shown.replaceChildren(make("small", { text: say(code, language) }), make("b", { text: value }));
}

function evidenceOf(message, language) {
  const pairs = [["screen.expected", message.expected], ["screen.scanned", message.scanned]];
  return pairs.filter(([, value]) => value && !message.text.includes(value))
    .map(([code, value]) => `${say(code, language)} ${value}`);
}
