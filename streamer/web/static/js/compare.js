// Two sittings on one scale: two lines with their bands from their begins on, and the difference with its interval.

import { getJson } from "./api.js";
import { at, draw, make, say, set } from "./dom.js";
import { bands, lines } from "./layers.js";
import { written } from "./span.js";
import { signed } from "./words.js";
import { dayOf, lengthWords, timeOf } from "./when.js";

/** @typedef {import("./course.js").Bucket} Bucket */
/** @typedef {{value: number, low: number | null, high: number | null}} Estimate */
/** @typedef {{begin: number, end: number, mean: Estimate | null, buckets: Bucket[]}} Side */
/** @typedef {{a: Side, b: Side, whole: Estimate | null, sentence: string, uneven: boolean}} Compared */

const EDGE = { top: 12, right: 44, bottom: 28 };
const STEPS = [60, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400, 604_800];

export class Comparison {
  /** @param {string} room */
  constructor(room) {
    this._room = room;
    this._svg = draw("svg", { role: "img", "aria-label": "The two sittings" });
    at("compared-plot").append(this._svg);
    /** @type {Compared | null} */
    this._shown = null;
    this._asked = 0;
    new ResizeObserver(() => this._draw()).observe(at("compared-plot"));
  }

  /** @param {import("./span.js").Span} a @param {import("./span.js").Span} b */
  async show(a, b) {
    const asked = ++this._asked;
    say(at("compared-words"), "Comparing…");
    at("compared").hidden = false;
    const answer = await getJson(`/api/v1/rooms/${encodeURIComponent(this._room)}/compare?a=${written(a)}&b=${written(b)}`);
    if (asked !== this._asked) return;
    this._shown = answer.ok ? answer.value : null;
    at("compared-plot").hidden = at("compared-figures").hidden = !answer.ok;
    say(at("compared-words"), answer.ok ? answer.value.sentence : answer.why);
    if (!this._shown) return;
    at("compared-figures").replaceChildren(...figures(this._shown));
    set(this._svg, { "aria-label": answer.ok ? answer.value.sentence : "" });
    this._draw();
  }

  _draw() {
    const { width, height } = this._svg.getBoundingClientRect();
    if (!this._shown || width < 120) return;
    const { a, b } = this._shown;
    const length = Math.max(a.end - a.begin, b.end - b.begin);
    const [across, floor] = [width - EDGE.right, height - EDGE.bottom];
    const y = (/** @type {number} */ value) => EDGE.top + ((floor - EDGE.top) * (1 - value)) / 2;
    const x = (/** @type {number} */ begin) => (/** @type {number} */ utc) => Math.max(0, Math.min(across, (across * (utc - begin)) / length));
    const parts = [...grid(y, across, width), ...axis(length, across, floor, height)];
    for (const [side, name] of /** @type {[Side, string][]} */ ([[a, "a"], [b, "b"]])) {
      const scale = { x: x(side.begin), y };
      parts.push(...bands(side.buckets, (one) => one.low, (one) => one.high, scale, `band ${name}`));
      parts.push(...lines(side.buckets, (one) => one.valence, scale, `line ${name}`));
    }
    set(this._svg, { viewBox: `0 0 ${width} ${height}` });
    this._svg.replaceChildren(...parts, ...named(a, b, x, y, across));
  }
}

/** The letters beside the lines' ends, apart from each other. @param {Side} a @param {Side} b @param {(begin: number) => (utc: number) => number} x @param {(value: number) => number} y @param {number} across */
function named(a, b, x, y, across) {
  const ends = [a, b].map((side) => side.buckets.findLast((one) => one.valence !== null));
  const high = ends.map((end) => (end?.valence != null ? y(end.valence) + 4 : NaN));
  if (Math.abs(high[0] - high[1]) < 14) high[1] = high[0] + (high[1] < high[0] ? -14 : 14);
  return ends.flatMap((end, index) => {
    if (!end) return [];
    const name = index ? "b" : "a";
    const at = x([a, b][index].begin)(end.utc + end.width) + 5;
    return [draw("text", { x: at, y: high[index], class: `name ${name}` }, name.toUpperCase())];
  });
}

/** @param {(value: number) => number} y @param {number} across @param {number} width */
function grid(y, across, width) {
  return /** @type {[number, string][]} */ ([[1, "+1"], [0, "0"], [-1, "\u22121"]]).flatMap(([value, words]) => [
    draw("line", { x1: 0, x2: across, y1: y(value), y2: y(value), class: value ? "grid" : "grid zero" }),
    draw("text", { x: width, y: y(value) + 4, "text-anchor": "end", class: "tick" }, words),
  ]);
}

/** @param {number} length @param {number} across @param {number} floor @param {number} height */
function axis(length, across, floor, height) {
  const step = STEPS.find((one) => (one / length) * across >= 70) ?? length;
  const parts = [];
  for (let at = 0; at <= length; at += step) {
    const x = (across * at) / length;
    parts.push(draw("line", { x1: x, x2: x, y1: EDGE.top, y2: floor, class: "grid" }));
    if (x < across - 30) parts.push(draw("text", { x, y: height - 6, "text-anchor": at ? "middle" : "start", class: "tick" }, at ? lengthWords(at) : "begin"));
  }
  return parts;
}

/** @param {Compared} compared */
function figures({ a, b, whole }) {
  const side = (/** @type {string} */ name, /** @type {Side} */ one) => entry(make("span", { class: `name ${name}` }, name.toUpperCase()), `${dayOf(one.begin)}, ${timeOf(one.begin)}`, one.mean);
  return [...side("a", a), ...side("b", b), ...entry("B − A", "difference of the means", whole)];
}

/** @param {Node | string} name @param {string} words @param {Estimate | null} estimate */
function entry(name, words, estimate) {
  const value = estimate ? signed(estimate.value) : "not enough evidence";
  const interval = estimate && estimate.low !== null && estimate.high !== null ? `90\u202f% interval ${signed(estimate.low)} to ${signed(estimate.high)}` : "";
  return [make("dt", {}, name, ` ${words}`), make("dd", {}, make("strong", {}, value), " ", make("span", { class: "calm" }, interval))];
}
