// The wire to the server: every input has an id and is sent, in order, until it has its answer.
//
// What was not answered yet lies in the browser's storage: a reload, an empty battery or a server
// that is away lose nothing, and the id lets the server tell a repeat from a new scan.

const RETRY_MS = [200, 500, 1000, 2000]; // the last one repeats: a floor must not hammer
const TIMEOUT_MS = 5000;
const POLL_MS = 1000;
const AGE_MS_MAX = 86_400_000;
const WAITING_MAX = 100; // so many triggers nobody pulls unseen
const MINE_TO_MEND = [401, 403];
const BUSY = [408, 425, 429];
const SAID = { "book.full": "disk_full", "book.busy": "busy" }; // why it took nothing

/** Nobody answered, or not this question: ask again. */
class Unanswered extends Error {}

/** The server will never take this input. */
class Unacceptable extends Error {
  constructor(fault) {
    super(fault.message || fault.code || "http");
    this.code = fault.code || "http";
  }
}

/** One terminal's way to the server. `heard` gets every answer, `changed` every change between. */
export class Link {
  constructor({ terminal, token, store, language, heard, changed }) {
    this.terminal = terminal;
    this.token = token;
    this.store = store;
    this.language = language;
    this.heard = heard;
    this.changed = changed;
    this.trouble = null; // {reason, since}
    this.running = true;
    this.run = random();
    this.number = 0;
    this.version = 0; // of the prompt that is shown; 0 = not known
    this.said = 0; // counts what was said or answered: a look that saw less is old news
    this.shelf = `genba.queue.${terminal}`;
    this.queue = kept(store.getItem(this.shelf));
  }

  get waiting() {
    return this.queue.length;
  }

  /** Begin to talk: first what an earlier page left unanswered. */
  start() {
    if (this.queue.length) this.pump();
    else this.look();
    this.timer = setInterval(() => this.look(), POLL_MS);
  }

  stop() {
    this.running = false;
    clearInterval(this.timer);
  }

  /** Queue one input. False when too many wait already. A secret is never written down. */
  say(text, via, secret = false) {
    if (this.queue.length >= WAITING_MAX) return false;
    this.number += 1;
    const id = `${this.terminal}-${this.run}-${this.number}`;
    this.queue.push({ id, text, via, at: moment(), secret, version: this.version });
    this.said += 1;
    this.keep();
    this.pump();
    return true;
  }

  /** Ask again now: the radio is back. */
  wake() {
    if (this.rouse) this.rouse();
  }

  /** Ask once whether *terminal* and *token* fit. "" or the words why not. */
  static async check(terminal, token, language) {
    const link = new Link({ terminal, token, store: sessionStorage, language });
    try {
      await link.call("POST", "/v1/terminals", { terminal });
      return "";
    } catch (fault) {
      return fault.words || fault.message;
    }
  }

  /** Ask what is to be shown, unless inputs are under way. */
  async look() {
    if (this.queue.length || this.looking || document.hidden) return;
    this.looking = true;
    const said = this.said;
    try {
      const shown = await this.call("GET", this.path());
      this.mended();
      if (said === this.said && this.running) {
        this.version = shown.version;
        this.changed(shown.prompt);
      }
    } catch (fault) {
      this.failed(fault);
    }
    this.looking = false;
  }

  async pump() {
    if (this.pumping) return;
    this.pumping = true;
    const resumed = this.number === 0;
    while (this.queue.length && this.running) {
      const entry = this.queue[0];
      const answer = await this.untilAnswered(entry);
      if (!this.running) return;
      this.queue.shift();
      this.said += 1;
      this.keep();
      this.version = answer.version || this.version;
      this.heard(answer, entry);
    }
    this.pumping = false;
    if (resumed) this.look(); // an answer from before the reload is not the newest
  }

  async untilAnswered(entry) {
    for (let tries = 0; this.running; tries += 1) {
      const age = Math.min(Math.max(0, moment() - entry.at), AGE_MS_MAX);
      const { id, text, via, at, version } = entry;
      const scan = { scan_id: id, text, via, age_ms: age, clock_ms: at };
      if (version) scan.version = version; // which prompt it answers
      try {
        const answer = await this.call("POST", `${this.path()}/scans`, scan);
        this.mended();
        return answer;
      } catch (fault) {
        if (fault instanceof Unacceptable) {
          this.mended();
          return { fate: "refused", fault };
        }
        this.failed(fault);
        await this.pause(RETRY_MS[Math.min(tries, RETRY_MS.length - 1)]);
      }
    }
    return null;
  }

  pause(ms) {
    return new Promise((resolve) => {
      this.rouse = resolve;
      setTimeout(resolve, ms);
    });
  }

  async call(method, path, body, type = "application/json") {
    const aborter = new AbortController();
    const timer = setTimeout(() => aborter.abort(), TIMEOUT_MS);
    const headers = { Authorization: `Bearer ${this.token}`, "Accept-Language": this.language() };
    if (body !== undefined) headers["Content-Type"] = type;
    try {
      const response = await fetch(path, {
        method, headers, signal: aborter.signal, cache: "no-store", credentials: "omit",
        redirect: "error", body: type === "application/json" ? JSON.stringify(body) : body,
      });
      const answer = await response.json();
      if (response.ok) return answer;
      throw refusal(response.status, answer.error || {});
    } catch (fault) {
      if (fault instanceof Unanswered || fault instanceof Unacceptable) throw fault;
      throw new Unanswered("unreachable");
    } finally {
      clearTimeout(timer);
    }
  }

  path() {
    return `/v1/terminals/${encodeURIComponent(this.terminal)}`;
  }

  failed(fault) {
    const since = this.trouble ? this.trouble.since : Date.now();
    const reason = fault instanceof Unanswered ? fault.message : "unreachable";
    this.trouble = { reason, since };
    this.changed(null);
  }

  mended() {
    if (!this.trouble) return;
    this.trouble = null;
    this.changed(null);
  }

  keep() {
    const written = this.queue.filter((entry) => !entry.secret);
    if (written.length) this.store.setItem(this.shelf, JSON.stringify(written));
    else this.store.removeItem(this.shelf);
  }
}

function refusal(status, fault) {
  if (MINE_TO_MEND.includes(status)) {
    return Object.assign(new Unanswered("not_allowed"), { words: fault.message });
  }
  if (status === 503) return new Unanswered(SAID[fault.code] || "unreachable");
  if (status >= 500 || BUSY.includes(status)) return new Unanswered("unreachable");
  return new Unacceptable(fault);
}

function kept(text) {
  try {
    const entries = JSON.parse(text || "[]");
    return Array.isArray(entries) ? entries : [];
  } catch {
    return []; // somebody else's writing
  }
}

// Steady while the page lives, whoever corrects the wall clock; and it goes on after a reload.
function moment() {
  return Math.round(performance.timeOrigin + performance.now());
}

// `crypto.randomUUID` needs https, which a warehouse's own network may not have.
function random() {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
