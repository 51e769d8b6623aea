// The axes of the plot of a room's past: values at the right, times below.

import { draw } from "./dom.js";
import { ticks } from "./when.js";

/** @typedef {import("./course.js").Measure} Measure */
/** @typedef {import("./span.js").Span} Span */

/** Pixels around the plot. */
export const EDGE = { top: 30, right: 44, bottom: 58 };

/** Pixels of a letter, about. */
export const LETTER = 6.3;

/** Pixels between two ticks, about, and between two labels of the time. */
const TICK = 76;
const GAP = 8;

/** @param {Measure} measure @param {(value: number) => number} y @param {number} across @param {number} width */
export function grid(measure, y, across, width) {
  const [low, high] = measure.range;
  return [low, (low + high) / 2, high].flatMap((value) => {
    const words = measure.key === "valence" ? measure.say(value).replace(".00", "") : measure.say(value);
    return [
      draw("line", { x1: 0, x2: across, y1: y(value), y2: y(value), class: value === 0 && low < 0 ? "grid zero" : "grid" }),
      draw("text", { x: width, y: y(value) + 4, "text-anchor": "end", class: "tick" }, words),
    ];
  });
}

/** @param {Measure} measure @param {(value: number) => number} y */
export function ends(measure, y) {
  const [low, high] = measure.range;
  return [draw("text", { x: 4, y: y(high) + 16, class: "tick words" }, measure.ends[1]), draw("text", { x: 4, y: y(low) - 6, class: "tick words" }, measure.ends[0])];
}

/** @param {Span} span @param {(at: number) => number} x @param {number} floor @param {number} across @param {number} height */
export function axis(span, x, floor, across, height) {
  const found = ticks(span, across / TICK).map((tick) => ({ ...tick, ...placed(tick, x(tick.at), across) }));
  const spoken = apart(found);
  return found.flatMap((tick) => {
    const line = draw("line", { x1: x(tick.at), x2: x(tick.at), y1: EDGE.top, y2: floor, class: "grid" });
    if (!spoken.has(tick)) return [line];
    const place = { x: tick.x, "text-anchor": tick.anchor, class: "tick time" };
    return [line, draw("text", { ...place, y: height - 20 }, tick.words), draw("text", { ...place, y: height - 4, class: "tick time below" }, tick.below)];
  });
}

/** Where its words stand, which keep within the plot. @param {import("./when.js").Tick} tick @param {number} at @param {number} across */
function placed(tick, at, across) {
  const width = LETTER * Math.max(tick.words.length, tick.below.length);
  const anchor = at < width / 2 ? "start" : at > across - width / 2 ? "end" : "middle";
  const x = anchor === "start" ? 0 : anchor === "end" ? across : at;
  const left = anchor === "start" ? x : anchor === "end" ? x - width : x - width / 2;
  return { anchor, x, left, right: left + width };
}

/**
 * Those that touch no other; of two that would, the one that names a day or a year stays, else the one within.
 * @template {{anchor: string, below: string, left: number, right: number}} T
 * @param {T[]} labels
 * @returns {Set<T>}
 */
function apart(labels) {
  /** @type {Set<T>} */
  const kept = new Set();
  const rank = (/** @type {T} */ one) => (one.below ? 0 : one.anchor === "middle" ? 1 : 2);
  for (const one of [...labels].sort((first, second) => rank(first) - rank(second))) {
    if ([...kept].every((other) => one.left >= other.right + GAP || one.right + GAP <= other.left)) kept.add(one);
  }
  return kept;
}
