// The input line: what keys, a scanner's burst or a paste mean. Pure; the rules of `tui/line.py`.

export const GUARD_MS = 300; // an empty line end this soon after another end is its echo
export const QUIET_MS = 250; // a lone menu digit counts after this pause
export const LENGTH_MAX = 4096;
export const GS = "\x1d";

const NUMBERS = ["qty", "pin", "expiry"]; // digits are what these prompts ask for
// Where nothing that is awaited begins with a digit, a lone one needs no Enter.
const NOTHING_KEYED = ["choice", "manifest", "weight", "nothing"];
const COMMAND = /^(?:\][A-Za-z][0-9A-Za-z])?CMD:([A-Za-z0-9_.-]+)$/;
const AIM = /^\][A-Za-z][0-9A-Za-z]/;
const NUMBER = /^\d{1,5}$/;
// What scanners are set to type where they cannot type a group separator.
const SEPARATORS = /\u241d|\\x1d|\\u001d|<GS>|\{GS\}|\[GS\]|\^\]/gi;
const KEYS = {
  F2: "short", F3: "back", F4: "later", F5: "list", F6: "full",
  F7: "undo", F8: "reprint", F9: "assist", F10: "language",
};

/** Whole scans in *text*, and what follows the last line end. */
export function split(text) {
  const parts = text.split(/[\r\n\t\x03]+/);
  const rest = parts.pop();
  return { whole: parts.filter((part) => part), rest };
}

/** *text* with its group separators as they should have come. */
export function separated(text) {
  return text.replace(SEPARATORS, GS);
}

/** "scan" for what no hand types: *tookMs* from the first to the last of its *strokes*. */
export function viaOf(text, tookMs, strokes) {
  if (AIM.test(text) || (strokes === 1 && text.length >= 4)) return "scan";
  const gap = strokes > 1 ? tookMs / (strokes - 1) : Infinity;
  if (NUMBER.test(text)) return text.length >= 4 && gap < 15 ? "scan" : "key";
  if (text.length >= 6) return gap < 60 ? "scan" : "key";
  return text.length >= 3 && gap < 30 ? "scan" : "key";
}

/** What a whole *text* means: command barcodes and menu digits become their commands. */
export function meaning(text, via, prompt) {
  const command = COMMAND.exec(text);
  if (command) {
    const name = command[1].toLowerCase();
    return name === "help" ? { help: true } : { text: name, via: "command" };
  }
  const option = digitOption(text, prompt);
  if (option && via === "key" && !prompt.awaits.some((kind) => NUMBERS.includes(kind))) {
    return { text: option.command, via: "command" };
  }
  return { text: separated(text), via };
}

/** The option that a lone digit chooses without Enter, or undefined. */
export function loneDigit(text, prompt) {
  const menu = prompt.awaits.length > 0;
  if (!menu || !prompt.awaits.every((kind) => NOTHING_KEYED.includes(kind))) return undefined;
  return digitOption(text, prompt);
}

/** The command of a function key here, or undefined. */
export function functionKey(key, prompt) {
  const option = prompt.options.find((each) => each.key === key && key.length > 1);
  return option ? option.command : KEYS[key];
}

function digitOption(text, prompt) {
  return /^\d$/.test(text) ? prompt.options.find((each) => each.key === text) : undefined;
}
