// Whether the room is of one mind: how far apart, who leans where, and whether it moves together.

import { make, say } from "./dom.js";

/** @typedef {import("./events.js").Mood} Mood */

/** Standard deviations of valence between people, 0…1, up to which the words hold. */
const APART = /** @type {[number, string][]} */ ([[0.2, "close together"], [0.4, "somewhat apart"], [Infinity, "far apart"]]);

const KEPT_BACK = "Camps and moving together are not told of this room: they could give a person away.";

export class Dissent {
  /** @param {HTMLElement} list */
  constructor(list) {
    this._spread = new Row(list, "Spread", "spread");
    this._camps = new Row(list, "Camps", "camps");
    this._together = new Row(list, "Moving together", "");
    this._note = make("div", { class: "calm" });
    list.after(this._note);
  }

  /**
   * @param {Mood | null} mood null where nothing is shown
   * @param {number} least
   */
  show(mood, least) {
    const keptBack = least > 1 && mood !== null && mood.positive === null && mood.together === null;
    this._spread.say(mood ? spreadWords(mood) : "", [["fill", mood?.dispersion ?? 0]]);
    this._camps.say(mood && !keptBack ? campsWords(mood) : "", mood ? campParts(mood) : []);
    this._together.say(mood && !keptBack ? togetherWords(mood) : "", []);
    say(this._note, mood ? (keptBack ? KEPT_BACK : "") : "Nothing is shown.");
  }
}

class Row {
  /**
   * @param {Element} list
   * @param {string} term
   * @param {string} kind of its bar, '' for none
   */
  constructor(list, term, kind) {
    this._term = make("dt", {}, term);
    this._words = make("span");
    this._bar = make("div", { class: kind || "no-bar", "aria-hidden": "true" });
    this._value = make("dd", {}, this._words, this._bar);
    list.append(this._term, this._value);
  }

  /**
   * @param {string} words '' hides the row
   * @param {[string, number][]} parts of the bar, with their shares 0…1
   */
  say(words, parts) {
    this._term.hidden = this._value.hidden = !words;
    say(this._words, words);
    this._bar.hidden = !parts.length;
    while (this._bar.children.length > parts.length) this._bar.lastChild?.remove();
    parts.forEach(([name, share], index) => {
      const part = /** @type {HTMLElement} */ (this._bar.children[index] ?? this._bar.appendChild(make("span")));
      part.className = name;
      part.style.width = `${(100 * share).toFixed(1)}%`;
    });
  }
}

/** @param {Mood} mood */
export function spreadWords(mood) {
  if (mood.dispersion === null) return "not known";
  const spread = mood.dispersion;
  const words = APART.find(([most]) => spread <= most)?.[1] ?? "";
  return `${words}, ${spread.toFixed(2)}`;
}

/** @param {Mood} mood */
export function campsWords(mood) {
  if (mood.positive === null || mood.negative === null) return "not known";
  return `${mood.negative} negative, ${mood.positive} positive`;
}

/** @param {Mood} mood */
export function togetherWords(mood) {
  if (mood.together === null) return "not known yet";
  return mood.together ? "yes, above chance" : "not above chance";
}

/** @param {Mood} mood @returns {[string, number][]} */
function campParts(mood) {
  if (mood.positive === null || mood.negative === null || mood.used < 1) return [];
  const { positive, negative } = mood;
  const all = Math.max(mood.used, positive + negative);
  return [["negative", negative / all], ["between", (all - positive - negative) / all], ["positive", positive / all]];
}
