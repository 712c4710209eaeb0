// Words of the page's own, in both languages, from the same files as all others.

import texts from "./words.js";

/** The words of *code* in *language*, their blanks filled. */
export function say(code, language, blanks = {}) {
  return texts[code][language].replace(/\{(\w+)\}/g, (_, name) => blanks[name]);
}
