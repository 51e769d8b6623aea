// The valence bar: −1…+1 with a tick at 0, the value as a dot, its 80 % interval as a soft band.

import { make } from "./dom.js";
import { between, signed } from "./words.js";

/** Milliseconds between two changes of what a screen reader is told. */
const TOLD = 4000;

export class Meter {
  /** @param {Element} root */
  constructor(root) {
    this._band = make("div", { class: "meter-band" });
    this._dot = make("div", { class: "meter-dot" });
    const bar = make("div", { class: "meter-bar" });
    const line = make("div", { class: "meter-line" }, bar, make("div", { class: "meter-tick" }), this._band, this._dot);
    this._meter = make("div", { class: "meter", role: "img", "aria-label": "Valence: not known yet" }, line);
    const ends = make("div", { class: "meter-ends", "aria-hidden": "true" });
    for (const words of ["−1 unpleasant", "0", "+1 pleasant"]) ends.append(make("span", {}, words));
    root.replaceChildren(this._meter, ends);
    this._told = -Infinity;
    this._known = false;
  }

  /**
   * @param {number | null} valence null: not enough evidence, or nothing that may be shown
   * @param {[number, number] | null} [interval]
   */
  show(valence, interval = null) {
    const known = valence !== null;
    this._meter.classList.toggle("unknown", !known);
    if (known) {
      this._dot.style.left = place(valence);
      this._band.hidden = !interval;
      if (interval) {
        this._band.style.left = place(interval[0]);
        this._band.style.right = `calc(100% - ${place(interval[1])})`;
      }
    }
    this._tell(known ? `Valence ${signed(valence)}, ${between(interval)}` : "Valence: nothing is shown", known);
  }

  /**
   * @param {string} words
   * @param {boolean} known
   */
  _tell(words, known) {
    const now = performance.now();
    if (known === this._known && now - this._told < TOLD) return;
    this._told = now;
    this._known = known;
    this._meter.setAttribute("aria-label", words);
  }
}

/** @param {number} valence @returns {string} */
function place(valence) {
  return `${(50 * (Math.max(-1, Math.min(1, valence)) + 1)).toFixed(2)}%`;
}
