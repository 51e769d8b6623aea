// What faces do, where no emotion is inferred: the share of the people for each sign.

import { make, say } from "./dom.js";
import { percent } from "./words.js";

/** @type {Record<import("./events.js").Sign, string>} */
const WORDS = {
  facing: "facing the camera",
  smile: "smiling",
  frown: "frowning",
  nod: "nodding",
  shake: "shaking the head",
};

const ORDER = /** @type {import("./events.js").Sign[]} */ (Object.keys(WORDS));

export class Signs {
  /** @param {Element} root */
  constructor(root) {
    this._list = make("ul", { class: "bars wide" });
    /** @type {{row: HTMLElement, fill: HTMLElement, value: HTMLElement}[]} */
    this._rows = ORDER.map((sign) => {
      const fill = make("span", { class: "fill" });
      const value = make("span", { class: "value" });
      const row = make("li", {}, make("span", { class: "word" }, WORDS[sign]), make("span", { class: "track" }, fill), value);
      this._list.append(row);
      return { row, fill, value };
    });
    root.replaceChildren(this._list);
  }

  /** @param {import("./events.js").Signs | null} signs */
  show(signs) {
    this._list.classList.toggle("asleep", !signs);
    ORDER.forEach((sign, index) => {
      const [share, parts] = [signs?.[sign] ?? null, this._rows[index]];
      parts.fill.style.width = `${(100 * (share ?? 0)).toFixed(1)}%`;
      parts.row.classList.toggle("none", share === null);
      say(parts.value, share === null ? "–" : percent(share));
    });
  }
}

/**
 * One line for a narrow place: "8 in 10 face the camera, 40 % smile".
 * @param {import("./events.js").Signs} signs
 */
export function signsLine(signs) {
  const known = ORDER.filter((sign) => signs[sign] !== null).slice(0, 2);
  if (!known.length) return "What faces do cannot be told";
  return known.map((sign) => `${percent(signs[sign] ?? 0)} ${WORDS[sign]}`).join(" · ");
}
