// Which terminal this browser is: told once, by a link, a scanned code or by hand.
//
// A link is `/t#HT-01:TOKEN`. What follows # never leaves the browser, so it is in no server's log;
// it is taken off the address at once, and out of the history.

import { Link } from "./link.js";
import { say } from "./say.js";
import { at } from "./screen.js";

const SHELF = "genba.terminal";
const PAIR = /^([A-Za-z0-9._-]{1,40}):(\S{8,200})$/;

/** The terminal that this browser is, or null. A link's goes before what was known. */
export function remembered(store) {
  const told = pair(location.hash.slice(1));
  if (location.hash) history.replaceState(null, "", location.pathname);
  if (told) {
    store.setItem(SHELF, JSON.stringify(told));
    return told;
  }
  try {
    const known = JSON.parse(store.getItem(SHELF) || "null");
    return known && known.terminal && known.token ? known : null;
  } catch {
    return null; // somebody else's writing
  }
}

/** This browser is no terminal any more. Unsent inputs stay, for when it is that terminal again. */
export function forgotten(store) {
  store.removeItem(SHELF);
}

/** Ask which terminal this is; `begin` is called when the server knows it. */
export function setUp(store, begin) {
  const language = navigator.language.startsWith("ja") ? "ja" : "en";
  const words = {
    "setup-title": "page.setup", "setup-help": "page.setup_help", "setup-go": "page.begin",
    "setup-name-label": "page.terminal", "setup-token-label": "page.token",
  };
  for (const [id, code] of Object.entries(words)) at(id).textContent = say(code, language);
  document.documentElement.lang = language;
  at("setup").hidden = false;
  at("setup-name").focus();
  at("setup").addEventListener("submit", async (event) => {
    event.preventDefault();
    const typed = at("setup-name").value.trim();
    const scanned = pair(typed.slice(typed.indexOf("#") + 1)); // a scanned link, or what it holds
    const told = scanned || { terminal: typed, token: at("setup-token").value.trim() };
    if (!told.terminal || !told.token) {
      (told.terminal ? at("setup-token") : at("setup-name")).focus();
      return;
    }
    const fault = await Link.check(told.terminal, told.token, () => language);
    const why = fault === "unreachable" ? say("page.unreachable", language) : fault;
    at("setup-fault").textContent = why;
    if (fault) return;
    store.setItem(SHELF, JSON.stringify(told));
    begin(told);
  });
}

function pair(text) {
  const found = PAIR.exec(text);
  return found ? { terminal: found[1], token: found[2] } : null;
}
