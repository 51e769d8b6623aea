// Layers of a plot of the past: each makes SVG elements out of buckets and a scale.

import { stretches } from "./course.js";
import { draw } from "./dom.js";

/** @typedef {import("./course.js").Bucket} Bucket */
/** @typedef {{x: (at: number) => number, y: (value: number) => number}} Scale */

/** Pixels of a step to either side. */
const SIDE = 22;

/**
 * A line through the middles, from edge to edge, so that a bucket alone is seen as well.
 * @param {Bucket[]} run without a gap
 * @param {(bucket: Bucket) => number | null} value
 * @param {Scale} scale
 * @returns {[number, number][]}
 */
function points(run, value, scale) {
  const y = (/** @type {Bucket} */ one) => scale.y(value(one) ?? 0);
  const middle = run.map((one) => /** @type {[number, number]} */ ([scale.x(one.utc + one.width / 2), y(one)]));
  const last = run[run.length - 1];
  return [[scale.x(run[0].utc), y(run[0])], ...middle, [scale.x(last.utc + last.width), y(last)]];
}

/** @param {[number, number][]} way @returns {string} */
export function path(way) {
  return way.map(([x, y], index) => `${index ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
}

/**
 * @param {Bucket[]} buckets
 * @param {(bucket: Bucket) => number | null} value
 * @param {Scale} scale
 * @param {string} name of the class
 */
export function lines(buckets, value, scale, name) {
  return known(buckets, value).map((run) => draw("path", { d: path(points(run, value, scale)), class: name }));
}

/**
 * @param {Bucket[]} buckets
 * @param {(bucket: Bucket) => number | null} low
 * @param {(bucket: Bucket) => number | null} high
 * @param {Scale} scale
 * @param {string} name of the class
 */
export function bands(buckets, low, high, scale, name) {
  const both = (/** @type {Bucket} */ one) => (low(one) === null ? null : high(one));
  return known(buckets, both).map((run) => {
    const way = [...points(run, high, scale), ...points(run, low, scale).reverse()];
    return draw("path", { d: `${path(way)}Z`, class: name });
  });
}

/**
 * A change, as a short step from what was before to what was after; null for whatever else happened.
 * @param {import("./course.js").Occurrence} one
 * @param {Scale} scale
 */
export function step(one, scale) {
  if (!one.step) return null;
  const [x, low, high] = [scale.x(one.at), scale.y(one.step.before), scale.y(one.step.after)];
  return draw("path", { d: path([[x - SIDE, low], [x, low], [x, high], [x + SIDE, high]]), class: "step" });
}

/**
 * How many people, as an area that stands on the lower edge.
 * @param {Bucket[]} buckets
 * @param {number} most
 * @param {Scale} scale with ``y`` of 0…1
 */
export function crowd(buckets, most, scale) {
  return bands(buckets, () => 0, (one) => (one.people === null ? null : one.people / most), scale, "crowd");
}

/**
 * @param {Bucket[]} buckets
 * @param {(bucket: Bucket) => number | null} value
 * @returns {Bucket[][]}
 */
function known(buckets, value) {
  return stretches(buckets, (one) => value(one) !== null).filter((one) => one.kind).map((one) => one.buckets);
}
