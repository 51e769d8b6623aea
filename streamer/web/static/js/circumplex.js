// Valence × arousal as a dot in a circle, with a tail of ten seconds that fades.

import { draw, set } from "./dom.js";
import { signed } from "./words.js";

const TAIL = 10;
const SIDE = 240;
const RADIUS = 108;

/** @typedef {{at: number, valence: number | null, arousal: number | null}} Point */

export class Circumplex {
  /** @param {Element} root */
  constructor(root) {
    const middle = SIDE / 2;
    this._tail = draw("g", { class: "tail" });
    this._dot = draw("g", { class: "dot" }, draw("circle", { r: 9, class: "rim" }), draw("circle", { r: 6 }));
    this._svg = draw("svg", { viewBox: `0 0 ${SIDE} ${SIDE}`, role: "img", "aria-label": "Not known yet" });
    this._svg.append(
      draw("circle", { cx: middle, cy: middle, r: RADIUS, class: "ground" }),
      draw("path", { d: `M${middle} 12V${SIDE - 12}M12 ${middle}H${SIDE - 12}`, class: "axis" }),
      label(middle, 28, "lively", "middle"),
      label(middle, SIDE - 20, "calm", "middle"),
      label(20, middle - 6, "unpleasant", "start"),
      label(SIDE - 20, middle - 6, "pleasant", "end"),
      this._tail,
      this._dot,
    );
    root.replaceChildren(this._svg);
    this._told = -Infinity;
  }

  /**
   * @param {Point[]} points oldest first, the last is now
   * @param {boolean} known whether there is a place now
   */
  show(points, known) {
    const now = points.at(-1);
    const there = known && now !== undefined && now.valence !== null && now.arousal !== null;
    this._svg.classList.toggle("unknown", !there);
    this._tail.replaceChildren(...(there ? tail(points, now.at) : []));
    if (there && now.valence !== null && now.arousal !== null) {
      this._dot.style.transform = `translate(${x(now.valence)}px, ${y(now.arousal)}px)`;
      this._tell(`Valence ${signed(now.valence)}, arousal ${signed(now.arousal)}`);
    } else {
      this._tell("Nothing is shown");
    }
  }

  /** @param {string} words */
  _tell(words) {
    if (performance.now() - this._told < 4000) return;
    this._told = performance.now();
    set(this._svg, { "aria-label": words });
  }
}

/**
 * @param {Point[]} points
 * @param {number} now
 */
function tail(points, now) {
  const lines = [];
  const recent = points.filter((one) => now - one.at <= TAIL);
  for (let i = 1; i < recent.length; i++) {
    const [a, b] = [recent[i - 1], recent[i]];
    if (a.valence === null || a.arousal === null || b.valence === null || b.arousal === null) continue;
    const opacity = (1 - (now - b.at) / TAIL).toFixed(2);
    lines.push(draw("line", { x1: x(a.valence), y1: y(a.arousal), x2: x(b.valence), y2: y(b.arousal), opacity }));
  }
  return lines;
}

/** @param {number} valence */
function x(valence) {
  return SIDE / 2 + RADIUS * Math.max(-1, Math.min(1, valence));
}

/** @param {number} arousal */
function y(arousal) {
  return SIDE / 2 - RADIUS * Math.max(-1, Math.min(1, arousal));
}

/**
 * @param {number} left
 * @param {number} top
 * @param {string} words
 * @param {string} anchor
 */
function label(left, top, words, anchor) {
  return draw("text", { x: left, y: top, "text-anchor": anchor, class: "label" }, words);
}
