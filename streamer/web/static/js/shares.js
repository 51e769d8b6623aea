// The share of each apparent expression, one bar each; what is not told reliably is counted as "other".

import { make, say } from "./dom.js";
import { percent } from "./words.js";

const SHOWN = ["happiness", "surprise", "neutral", "sadness", "anger", "fear"];
const OTHER = "other";

/**
 * @param {Record<string, number>} shares
 * @returns {Record<string, number>} those shown, and the rest as "other"; of 1
 */
export function grouped(shares) {
  const total = Object.values(shares).reduce((sum, share) => sum + share, 0) || 1;
  const parts = Object.fromEntries(SHOWN.map((name) => [name, (shares[name] ?? 0) / total]));
  const named = Object.values(parts).reduce((sum, share) => sum + share, 0);
  return { ...parts, [OTHER]: Math.max(0, 1 - named) };
}

export class Shares {
  /** @param {Element} root */
  constructor(root) {
    this._empty = make("p", { class: "calm" });
    this._list = make("ul", { class: "bars" });
    /** @type {Map<string, {row: HTMLElement, fill: HTMLElement, value: HTMLElement}>} */
    this._rows = new Map();
    for (const name of [...SHOWN, OTHER]) this._list.append(this._row(name));
    root.replaceChildren(this._list, this._empty);
  }

  /** @param {Record<string, number> | null} shares */
  show(shares) {
    this._list.hidden = !shares;
    this._empty.hidden = Boolean(shares);
    say(this._empty, shares ? "" : "Nothing is shown.");
    if (!shares) return;
    for (const [name, share] of Object.entries(grouped(shares))) {
      const parts = this._rows.get(name);
      if (!parts) continue;
      parts.fill.style.width = `${(100 * share).toFixed(1)}%`;
      parts.row.classList.toggle("none", Math.round(share * 100) === 0);
      say(parts.value, percent(share));
    }
  }

  /** @param {string} name */
  _row(name) {
    const fill = make("span", { class: `fill ${name}` });
    const value = make("span", { class: "value" });
    const row = make("li", {}, make("span", { class: "word" }, name), make("span", { class: "track" }, fill), value);
    this._rows.set(name, { row, fill, value });
    return row;
  }
}
