// The sittings of a room: a list to choose from, and two of them to compare.

import { getJson } from "./api.js";
import { at, make, say } from "./dom.js";
import { written } from "./span.js";
import { dayOf, lengthWords, timeOf } from "./when.js";

/** @typedef {import("./span.js").Span} Span */
/** @typedef {Span & {people: number}} Sitting */

/** Listed, and offered for comparing, at most. */
const LISTED = 12;
const OFFERED = 200;

export class Sittings {
  /**
   * @param {string} room
   * @param {number} least people of whom anything is said
   * @param {{open: (span: Span) => void, compare: (pair: [Span, Span]) => void}} wishes
   */
  constructor(room, least, wishes) {
    this._room = room;
    this._more = least > 1 ? "+" : "";
    this._wishes = wishes;
    /** @type {Sitting[]} the newest first */
    this.all = [];
    at("compare-form").onsubmit = (event) => this._compare(event);
  }

  /** Ask for them. */
  async fetch() {
    const answer = await getJson(`/api/v1/rooms/${encodeURIComponent(this._room)}/sittings`);
    if (!answer.ok) return say(at("no-sittings"), answer.why);
    this.all = answer.value.sittings.map((/** @type {any} */ one) => ({ from: one.begin, to: one.end, people: one.people }));
    const more = this.all.length - LISTED + answer.value.left_out;
    say(at("no-sittings"), this.all.length === 0 ? "Nobody has been here yet." : more > 0 ? `And ${more} older ones.` : "");
    at("no-sittings").hidden = at("no-sittings").textContent === "";
    at("sittings").replaceChildren(...this.all.slice(0, LISTED).map((one) => this._row(one)));
    this._offer();
    return undefined;
  }

  /** @param {Sitting} one */
  _row(one) {
    const words = make("span", {}, `${timeOf(one.from)} – ${timeOf(one.to)}, ${lengthWords(one.to - one.from)}, up to ${one.people}${this._more} people`);
    const row = make("button", { type: "button", class: "row sitting" }, make("time", {}, dayOf(one.from)), words);
    row.onclick = () => this._wishes.open(aired(one));
    return make("li", {}, row);
  }

  _offer() {
    at("compare-form").hidden = this.all.length < 2;
    at("no-pair").hidden = this.all.length >= 2;
    ["first", "second"].forEach((name, index) => {
      const select = /** @type {HTMLSelectElement} */ (at(name));
      const options = this.all.slice(0, OFFERED).map((one) => make("option", { value: written(one) }, `${dayOf(one.from)}, ${timeOf(one.from)}`));
      select.replaceChildren(...options);
      select.selectedIndex = Math.min(1 - index, options.length - 1); // the one before the newest, and the newest
    });
  }

  /** @param {Event} event */
  _compare(event) {
    event.preventDefault();
    const [a, b] = ["first", "second"].map((name) => /** @type {HTMLSelectElement} */ (at(name)).value.split("-").map(Number));
    this._wishes.compare([{ from: a[0], to: a[1] }, { from: b[0], to: b[1] }]);
  }
}

/**
 * With a little before and after.
 * @param {Span} span
 * @returns {Span}
 */
export function aired(span) {
  const air = Math.max(10, Math.round((span.to - span.from) * 0.03));
  return { from: span.from - air, to: span.to + air };
}
