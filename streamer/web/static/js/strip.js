// The line under the header that says when the page is cut off, and what happens next; and what is told aloud.

import { at, make } from "./dom.js";

/** Milliseconds between two sentences for a screen reader. */
const QUIET = 5000;

/** Milliseconds of being cut off before it is said: a connection that comes back at once is no news. */
const GRACE = 600;

export class Strip {
  /** @param {() => void} again */
  constructor(again) {
    this._strip = at("strip");
    this._words = make("span");
    this._again = make("button", { type: "button", class: "button small" }, "Try now");
    this._again.onclick = again;
    this._enter = make("a", { class: "button small", href: `/sign-in?next=${encodeURIComponent(location.pathname)}` }, "Sign in");
    this._strip.append(this._words, this._again, this._enter);
    this._lost = NaN;
    this._timer = 0;
    /** @type {import("./live.js").Link} */
    this._link = { kind: "connecting" };
  }

  /** @param {import("./live.js").Link} link */
  show(link) {
    this._link = link;
    if (link.kind === "live") this._lost = NaN;
    else if (Number.isNaN(this._lost)) this._lost = performance.now();
    clearInterval(this._timer);
    if (link.kind !== "live") this._timer = setInterval(() => this._write(), 500);
    this._write();
  }

  _write() {
    const link = this._link;
    this._strip.hidden = link.kind === "live" || performance.now() - this._lost < GRACE;
    document.body.classList.toggle("cut-off", !this._strip.hidden);
    this._enter.hidden = link.kind !== "denied";
    this._again.hidden = link.kind === "denied";
    const words = wordsFor(link);
    if (this._words.textContent !== words) this._words.textContent = words;
  }
}

/** @param {import("./live.js").Link} link */
function wordsFor(link) {
  if (link.kind === "denied") return "You are not signed in, or no longer.";
  if (link.kind === "live") return "";
  return "The connection to Groupmood is lost. What is shown is old; trying again by itself.";
}

/**
 * Tells a screen reader of changes, the newest at most every few seconds.
 */
export class Announcer {
  constructor() {
    this._place = at("announcer");
    this._next = 0;
    this._waiting = "";
    this._last = "";
  }

  /** @param {string} words */
  tell(words) {
    if (words === this._last && !this._waiting) return;
    this._waiting = words;
    if (!this._next) this._speak();
  }

  _speak() {
    this._next = 0;
    if (!this._waiting || this._waiting === this._last) return void (this._waiting = "");
    this._place.textContent = this._last = this._waiting;
    this._waiting = "";
    this._next = setTimeout(() => this._speak(), QUIET);
  }
}
