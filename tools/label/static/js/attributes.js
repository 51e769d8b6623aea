// What else is known of a face, such as glasses: yes, so that groups can be scored apart.

import { make, say } from "/static/js/dom.js";
import { same } from "./edits.js";

const WORD = /^[\p{L}\p{N}_][\p{L}\p{N}_ .-]{0,59}$/u;
const OFFERED = 6;

export class Attributes {
  /** @param {import("./desk.js").Desk} desk @param {import("./acts.js").Acts} acts */
  constructor(desk, acts) {
    this._desk = desk;
    this._acts = acts;
    /** @type {[string, string][]} what was written down last, newest first */
    this._recent = [];
    /** @type {unknown} */
    this._shown = null;
    this.input = make("input", { id: "attribute", type: "text", placeholder: "glasses: yes", autocomplete: "off", spellcheck: "false", "aria-describedby": "attribute-problem" });
    this._problem = make("p", { id: "attribute-problem", class: "problem", role: "alert" });
    this._list = make("ul", { class: "chosen-attributes", "aria-label": "Attributes of this face" });
    this._offered = make("ul", { class: "offered", "aria-label": "Attributes given before" });
    const form = make("form", {}, make("label", { for: "attribute" }, "Attribute", make("kbd", {}, "A")), this.input);
    form.onsubmit = (event) => { event.preventDefault(); this._add(); };
    this.root = make("div", { class: "attributes" }, form, this._problem, this._list, this._offered);
  }

  /** @param {import("./marks.js").Face} face */
  show(face) {
    const pairs = Object.entries(face.attributes);
    for (const pair of pairs) this._remember(pair);
    const state = { id: face.id, pairs, recent: this._recent };
    if (same(state, this._shown)) return;
    if (/** @type {any} */ (this._shown)?.id !== face.id) this._clear();
    this._shown = state;
    this._list.replaceChildren(...pairs.map(([name, value]) => this._chip(`${name}: ${value}`, `Remove ${name}`, " ×", () => this._acts.attribute(name, null))));
    const offered = this._recent.filter(([name, value]) => face.attributes[name] !== value);
    this._offered.replaceChildren(...offered.map(([name, value]) => this._chip(`${name}: ${value}`, `Add ${name}: ${value}`, "", () => this._acts.attribute(name, value))));
  }

  _clear() {
    this.input.value = "";
    say(this._problem, "");
  }

  /** @param {string} text @param {string} told @param {string} sign @param {() => void} act */
  _chip(text, told, sign, act) {
    const button = make("button", { type: "button", class: "chip", "aria-label": told, title: told }, text + sign);
    button.onclick = act;
    return make("li", {}, button);
  }

  /** @param {[string, string]} pair */
  _remember(pair) {
    if (same(this._recent[0], pair) || this._recent.some((one) => same(one, pair))) return;
    this._recent = [pair, ...this._recent].slice(0, OFFERED);
  }

  _add() {
    const [name, value] = this.input.value.split(":").map((part) => part.trim());
    const good = WORD.test(name ?? "") && WORD.test(value ?? "");
    say(this._problem, good ? "" : "Write a name, a colon and a value, such as “glasses: yes”: letters, digits, blanks, dots and hyphens.");
    if (!good) return;
    this._acts.attribute(name, value);
    this._clear();
    this.input.blur();
  }
}
