// How old what is shown is: said, and seen as fading.

import { say } from "./dom.js";
import { span } from "./words.js";

/** Seconds after which a result is called old, and after which it has faded as far as it does. */
const OLD = 3;
const FADED = 30;

export class Age {
  /**
   * @param {HTMLElement} label
   * @param {HTMLElement} faded
   */
  constructor(label, faded) {
    this._label = label;
    this._faded = faded;
    this._at = NaN;
    setInterval(() => this._tick(), 500);
  }

  /** @param {number} age of the result now, seconds */
  came(age) {
    this._at = performance.now() - 1000 * age;
    this._tick();
  }

  /** Seconds since the newest result; NaN before the first. */
  get seconds() {
    return (performance.now() - this._at) / 1000;
  }

  _tick() {
    const age = this.seconds;
    if (Number.isNaN(age)) return;
    const old = age > OLD;
    say(this._label, age < 1 ? `result under 1\u202fs old` : `result ${span(Math.floor(age)).replace(".0", "")} old`);
    this._label.classList.toggle("old", old);
    const fade = 1 - 0.6 * Math.min(1, Math.max(0, age - OLD) / (FADED - OLD));
    this._faded.style.setProperty("--fade", fade.toFixed(2));
  }
}
