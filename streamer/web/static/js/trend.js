// Valence over the last five minutes: the line, its 80 % interval as a band, and the moments above it.

import { draw, set } from "./dom.js";
import { clock, signed } from "./words.js";

/** Seconds that are shown. */
export const SPAN = 300;

/** A longer time without a value, in seconds, is a gap in the line. */
const GAP = 5;

const EDGE = { top: 22, right: 52, bottom: 22, left: 0 };

/**
 * @typedef {{at: number, valence: number | null, interval: [number, number] | null}} Sample
 * @typedef {import("./events.js").Moment} Moment
 */

export class Trend {
  /** @param {Element} root */
  constructor(root) {
    this._svg = draw("svg", { role: "img", "aria-label": "Not known yet" });
    root.replaceChildren(this._svg);
    /** @type {[Sample[], Moment[], number]} */
    this._shown = [[], [], 0];
    this._told = -Infinity;
    new ResizeObserver(() => this._draw()).observe(root);
  }

  /**
   * @param {Sample[]} samples oldest first
   * @param {Moment[]} moments
   * @param {number} now the server's time in seconds
   */
  show(samples, moments, now) {
    this._shown = [samples.filter((one) => now - one.at <= SPAN), moments, now];
    this._draw();
    if (performance.now() - this._told < 5000) return;
    this._told = performance.now();
    set(this._svg, { "aria-label": described(this._shown[0]) });
  }

  _draw() {
    const { width, height } = this._svg.getBoundingClientRect();
    if (width < 80 || height < 60) return;
    const [samples, moments, now] = this._shown;
    const scale = scaleOf(width, height, now);
    set(this._svg, { viewBox: `0 0 ${width} ${height}` });
    this._svg.replaceChildren(
      ...grid(scale, now, samples.at(-1)?.valence ?? null),
      ...moments.map((one) => span(scale, one, now)),
      ...runs(samples, (one) => one.interval !== null).map((run) => band(scale, run)),
      ...runs(samples, (one) => one.valence !== null).map((run) => line(scale, run)),
      ...end(scale, samples.at(-1), now),
      ...(samples.some((one) => one.valence !== null) ? [] : [nothing(scale)]),
    );
  }
}

/** @typedef {{x: (at: number) => number, y: (valence: number) => number, width: number, height: number}} Scale */

/**
 * @param {number} width
 * @param {number} height
 * @param {number} now
 * @returns {Scale}
 */
function scaleOf(width, height, now) {
  const [across, down] = [width - EDGE.left - EDGE.right, height - EDGE.top - EDGE.bottom];
  return {
    x: (at) => EDGE.left + across * (1 - (now - at) / SPAN),
    y: (valence) => EDGE.top + (down * (1 - Math.max(-1, Math.min(1, valence)))) / 2,
    width,
    height,
  };
}

/**
 * @param {Scale} scale
 * @param {number} now
 * @param {number | null} value the newest, beside whose words no tick's fit
 */
function grid(scale, now, value) {
  const parts = [];
  for (const [tick, words] of /** @type {[number, string][]} */ ([[1, "+1"], [0, "0"], [-1, "−1"]])) {
    const y = scale.y(tick);
    parts.push(draw("line", { x1: scale.x(now - SPAN), x2: scale.x(now), y1: y, y2: y, class: tick ? "grid" : "grid zero" }));
    if (value === null || Math.abs(scale.y(value) - y) > 14) parts.push(draw("text", { x: scale.width, y: y + 4, "text-anchor": "end", class: "tick" }, words));
  }
  parts.push(draw("text", { x: 0, y: scale.y(1) + 16, class: "tick" }, "pleasant"));
  parts.push(draw("text", { x: 0, y: scale.y(-1) - 6, class: "tick" }, "unpleasant"));
  parts.push(draw("text", { x: 0, y: scale.height - 4, class: "tick" }, "5 min ago"));
  parts.push(draw("text", { x: scale.x(now), y: scale.height - 4, "text-anchor": "end", class: "tick" }, `now, ${clock(new Date())}`));
  return parts;
}

/**
 * @param {Scale} scale
 * @param {Moment} moment
 * @param {number} now
 */
function span(scale, moment, now) {
  const [left, right] = [Math.max(scale.x(now - SPAN), scale.x(moment.start)), scale.x(moment.start + moment.seconds)];
  const mark = draw("g", { class: "span" });
  mark.append(draw("rect", { x: left, y: scale.y(1), width: Math.max(2, right - left), height: scale.y(-1) - scale.y(1) }));
  mark.append(draw("text", { x: (left + right) / 2, y: scale.y(1) - 8, "text-anchor": "middle" }, signed(moment.change)));
  return mark;
}

/**
 * Stretches in which something holds, without a gap.
 * @param {Sample[]} samples
 * @param {(sample: Sample) => boolean} holds
 * @returns {Sample[][]}
 */
export function runs(samples, holds) {
  /** @type {Sample[][]} */
  const found = [];
  let last = -Infinity;
  for (const one of samples) {
    if (!holds(one)) {
      last = -Infinity;
    } else {
      if (one.at - last > GAP) found.push([]);
      found[found.length - 1].push(one);
      last = one.at;
    }
  }
  return found.filter((run) => run.length > 1);
}

/** @param {Scale} scale */
function nothing(scale) {
  const words = "No number in this time";
  return draw("text", { x: scale.width / 2, y: scale.y(0) - 10, "text-anchor": "middle", class: "tick" }, words);
}

/** @param {Scale} scale @param {Sample[]} run */
function line(scale, run) {
  return draw("path", { d: path(run.map((one) => [scale.x(one.at), scale.y(one.valence ?? 0)])), class: "line" });
}

/** @param {Scale} scale @param {Sample[]} run */
function band(scale, run) {
  const side = (/** @type {0 | 1} */ which) => run.map((one) => [scale.x(one.at), scale.y(one.interval?.[which] ?? 0)]);
  return draw("path", { d: `${path([...side(0), ...side(1).reverse()])}Z`, class: "band" });
}

/** @param {number[][]} points */
function path(points) {
  return points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
}

/**
 * The newest value, said beside the line instead of in a legend.
 * @param {Scale} scale
 * @param {Sample | undefined} last
 * @param {number} now
 */
function end(scale, last, now) {
  if (!last || last.valence === null || now - last.at > GAP) return [];
  const [x, y] = [scale.x(last.at), scale.y(last.valence)];
  return [draw("circle", { cx: x, cy: y, r: 4, class: "end" }), draw("text", { x: x + 8, y: y + 4, class: "value" }, signed(last.valence))];
}

/** @param {Sample[]} samples */
function described(samples) {
  const known = samples.flatMap((one) => (one.valence === null ? [] : [one.valence]));
  const last = known.at(-1);
  if (last === undefined) return "Valence over the last five minutes: nothing to show";
  const [low, high] = [Math.min(...known), Math.max(...known)];
  return `Valence over the last five minutes: between ${signed(low)} and ${signed(high)}, last ${signed(last)}`;
}
