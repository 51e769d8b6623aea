// What happened in a span, as a list to choose from.

import { draw, make, say } from "./dom.js";
import { sign } from "./shapes.js";
import { momentWords } from "./words.js";
import { dayOf, lengthWords, shortDay, timeOf } from "./when.js";

/** @typedef {import("./course.js").Occurrence} Occurrence */

/** Listed at most; there are more in a narrower span. */
const MOST = 60;

/** Seconds that are shown to either side of what has no length. */
const AROUND = 120;

const DAY = 86_400;

/** Seconds to either side of a change, which is one only beside enough of what was before and after. */
const CONTEXT = 1800;

/** @param {Occurrence} one @returns {string} */
export function sentence(one) {
  if (one.type === "moment") return momentWords({ seconds: one.seconds, change: one.change, over: true }).replace(/for \d+\u202fs/, `for ${lengthWords(one.seconds)}`);
  return one.text;
}

/**
 * The span that shows it with what was before and after.
 * @param {Occurrence} one
 * @returns {import("./span.js").Span}
 */
export function spanAround(one) {
  const around = one.step ? Math.max(CONTEXT, 4 * (one.step.latest - one.step.earliest)) : Math.max(AROUND, 2 * one.seconds);
  return { from: Math.floor(one.at - around), to: Math.ceil(one.at + one.seconds + around) };
}

export class Happened {
  /**
   * @param {HTMLElement} list
   * @param {HTMLElement} note
   * @param {(one: Occurrence) => void} onChosen
   */
  constructor(list, note, onChosen) {
    this._list = list;
    this._note = note;
    this._onChosen = onChosen;
    this._known = "";
  }

  /**
   * @param {Occurrence[]} all oldest first
   * @param {number} leftOut
   * @param {import("./span.js").Span} span
   */
  show(all, leftOut, span) {
    const within = all.filter((one) => one.at < span.to && one.at + one.seconds >= span.from).reverse();
    const shown = within.slice(0, MOST);
    const more = within.length - shown.length + leftOut;
    say(this._note, shown.length === 0 ? "Nothing in this span." : more > 0 ? `And ${more} more: zoom in to see them.` : "");
    this._note.hidden = this._note.textContent === "";
    const days = new Set(shown.map((one) => dayOf(one.at))).size > 1 || span.to - span.from > 86_400;
    const known = JSON.stringify([days, shown]);
    if (known === this._known) return; // so that what has the focus keeps it
    this._known = known;
    this._list.replaceChildren(...shown.map((one) => this._row(one, days)));
  }

  /** @param {Occurrence} one @param {boolean} days */
  _row(one, days) {
    const about = one.step && one.step.latest - one.step.earliest >= 2 * DAY; // of which no time of day is known
    const words = about ? shortDay(one.at) : `${days ? `${shortDay(one.at)}, ` : ""}${timeOf(one.at)}`;
    const when = make("time", { datetime: new Date(1000 * one.at).toISOString() }, words);
    const shape = draw("svg", { viewBox: "-8 -8 16 16", class: "shape", "aria-hidden": "true" }, sign(one));
    const kind = make("span", { class: "unseen" }, `${one.type}: `);
    const after = one.after ? [make("span", { class: "after" }, one.after)] : [];
    const row = make("button", { type: "button", class: `row ${one.type}` }, when, shape, make("span", {}, kind, sentence(one), ...after));
    row.onclick = () => this._onChosen(one);
    return make("li", {}, row);
  }
}
