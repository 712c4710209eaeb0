// Pages that lie over the screen for a moment: all keys, the whole text, a picture; and the digits.

import { at, keyButton, make } from "./screen.js";
import { say } from "./say.js";

const PAD = ["1", "2", "3", "back", "4", "5", "6", "letters", "7", "8", "9", "shut", "0", "enter"];
const FACES = { back: "\u232b", letters: "ABC", shut: "\u2715", enter: "\u23ce" };

/** Close whatever lies over the screen. True if something did. */
export function closeSheet() {
  const open = !at("sheet").hidden;
  at("sheet").hidden = true;
  at("sheet").replaceChildren();
  return open;
}

function openSheet(title, language, ...parts) {
  const head = make("header");
  const close = make("button", { name: "close", text: "\u2715", press: closeSheet });
  close.setAttribute("aria-label", say("page.close", language));
  head.append(make("h2", { text: title }), close);
  at("sheet").replaceChildren(head, ...parts);
  at("sheet").setAttribute("aria-label", title);
  at("sheet").hidden = false;
  at("sheet").scrollTop = 0;
}

/** Every key that works now, and what belongs to this browser: the theme, the terminal. */
export function keysSheet(prompt, { press, theme, forget, terminal }) {
  const language = prompt.language;
  const go = (then) => () => {
    closeSheet();
    then();
  };
  const keys = prompt.options.filter((option) => !/^\d$/.test(option.key));
  const grid = make("div", { name: "grid" });
  const help = { key: "F1", command: "help", label: say("screen.full_text", language) };
  const others = keys.filter((each) => each.key !== "F1");
  for (const option of [help, ...others, ...always(keys, language)]) {
    grid.append(keyButton(option, (chosen) => go(() => press(chosen))()));
  }
  const own = make("div", { name: "grid own" });
  own.append(
    make("button", { text: say("page.theme", language), press: go(theme) }),
    make("button", { text: say("page.forget", language), press: go(forget) }),
  );
  const whose = make("p", { name: "dim", text: terminal });
  openSheet(say("page.keys", language), language, grid, own, whose);
}

function always(keys, language) {
  const known = keys.map((option) => option.key);
  return [["F9", "assist"], ["F10", "language"]]
    .filter(([key]) => !known.includes(key))
    .map(([key, command]) => ({ key, command, label: say(`key.${command}`, language) }));
}

/** Everything that the prompt says, in full. */
export function wholeSheet(prompt) {
  const { focus, language } = prompt;
  const facts = [
    ["screen.place", focus.place], ["screen.sku", focus.sku], ["screen.lot", focus.lot],
    ["screen.expiry", focus.expiry], ["screen.tote", focus.tote], ["screen.box", focus.box],
    ["screen.parcel", focus.parcel],
  ].filter(([, value]) => value);
  const list = make("dl");
  for (const [code, value] of facts) {
    const called = code === "screen.tote" && focus.called;
    list.append(make("dt", { text: called || say(code, language) }), make("dd", { text: value }));
  }
  const paragraphs = [prompt.ask, prompt.help, focus.item, prompt.message && prompt.message.text]
    .filter((text) => text)
    .map((text) => make("p", { text }));
  const lines = make("ul");
  lines.append(...prompt.lines.map((line) => make("li", { text: line })));
  openSheet(prompt.title, language, ...paragraphs, list, lines);
}

/** The picture at *url*, as big as it goes. */
export function pictureSheet(prompt, url) {
  openSheet(prompt.focus.item || prompt.title, prompt.language, make("img", { src: url, alt: "" }));
}

/** The digits, as keys for gloves. `tap` gets a digit, "back", "letters", "shut" or "enter". */
export function drawPad(tap) {
  at("pad").replaceChildren(...PAD.map((what) => {
    const button = make("button", { text: FACES[what] || what, press: () => tap(what) });
    button.dataset.tap = what;
    return button;
  }));
}
