// The plot of a room's past: its measure with band and envelope, people, what happened, and why there is no number.

import { EDGE, LETTER, axis, ends, grid } from "./axes.js";
import { SHORT, STATES, bucketAt, stateOf, stretches } from "./course.js";
import { draw, set } from "./dom.js";
import { bands, crowd, lines, step } from "./layers.js";
import { sign } from "./shapes.js";
import { signed } from "./words.js";

/** @typedef {import("./course.js").Course} Course */
/** @typedef {import("./course.js").Measure} Measure */
/** @typedef {import("./course.js").Occurrence} Occurrence */
/** @typedef {import("./span.js").Span} Span */

const LANE = 12;

/** Pixels between two signs of moments or changes. */
const CLOSE = 10;

/** Share of the height that the most people take. */
const CROWD = 0.22;

export class Plot {
  /**
   * @param {HTMLElement} root
   * @param {string} more "+" where counts are rounded down
   * @param {(one: Occurrence) => void} onOccurrence it was clicked
   */
  constructor(root, more, onOccurrence) {
    this._svg = draw("svg", { "aria-hidden": "true" });
    this._cursor = draw("line", { class: "cursor", visibility: "hidden" });
    this._chosen = draw("rect", { class: "chosen", visibility: "hidden" });
    root.append(this._svg);
    this._more = more;
    this._onOccurrence = onOccurrence;
    /** @type {{course: Course, span: Span, measure: Measure} | null} */
    this._shown = null;
    new ResizeObserver(() => this._draw()).observe(root);
  }

  /** Pixels across that data is drawn on. */
  get width() {
    return Math.max(50, this._svg.getBoundingClientRect().width - EDGE.right);
  }

  /** @param {Course} course @param {Span} span @param {Measure} measure */
  show(course, span, measure) {
    this._shown = { course, span, measure };
    this._draw();
  }

  /** @param {number | null} share of the way across; the bucket there comes back */
  point(share) {
    this._cursor.setAttribute("visibility", share === null ? "hidden" : "visible");
    if (share === null || !this._shown) return undefined;
    set(this._cursor, { x1: share * this.width, x2: share * this.width });
    const { span, course } = this._shown;
    return bucketAt(course.buckets, span.from + share * (span.to - span.from));
  }

  /** @param {[number, number] | null} shares what is being chosen */
  choose(shares) {
    this._chosen.setAttribute("visibility", shares ? "visible" : "hidden");
    if (shares) set(this._chosen, { x: shares[0] * this.width, width: Math.max(1, (shares[1] - shares[0]) * this.width) });
  }

  _draw() {
    const { width, height } = this._svg.getBoundingClientRect();
    if (!this._shown || width < 120 || height < 120) return;
    const { course, span, measure } = this._shown;
    const [low, high] = measure.range;
    const floor = height - EDGE.bottom;
    const across = width - EDGE.right;
    const x = (/** @type {number} */ at) => (across * (at - span.from)) / (span.to - span.from);
    const y = (/** @type {number} */ value) => EDGE.top + (floor - EDGE.top) * (1 - (Math.max(low, Math.min(high, value)) - low) / (high - low));
    const inside = draw("svg", { x: 0, y: 0, width: across, height, viewBox: `0 0 ${across} ${height}` });
    inside.append(patterns(), ...course.occurrences.map((one) => extent(one, x, floor)), ...data(course, measure, { x, y }, floor));
    inside.append(...lane(course, measure, x, floor + 6), ...this._people(course, across, floor), this._chosen, this._cursor);
    set(this._chosen, { y: EDGE.top, height: floor - EDGE.top });
    set(this._cursor, { y1: EDGE.top, y2: floor });
    set(this._svg, { viewBox: `0 0 ${width} ${height}` });
    this._svg.replaceChildren(...grid(measure, y, across, width), ...axis(span, x, floor, across, height), inside, ...this._happened(course, x, width), ...ends(measure, y));
  }

  /** Above the plot; what would lie on what came before is in the list alone. @param {Course} course @param {(at: number) => number} x @param {number} width */
  _happened(course, x, width) {
    const seen = course.occurrences.filter((one) => x(one.at) >= -1 && x(one.at) <= width - EDGE.right + 1);
    let last = -Infinity;
    const drawn = seen.filter((one) => {
      const free = (one.type !== "moment" && one.type !== "change") || x(one.at) - last >= CLOSE;
      if (free) last = x(one.at);
      return free;
    });
    return drawn.map((one, index) => this._placed(one, x(one.at), index + 1 < drawn.length ? x(drawn[index + 1].at) : Infinity, width));
  }

  /** @param {Occurrence} one @param {number} at @param {number} next where the next one is @param {number} width */
  _placed(one, at, next, width) {
    const words = one.type === "moment" || one.type === "change" ? signed(one.change) : one.type === "alert" ? "alert" : one.text.slice(0, 24);
    const place = draw("g", { transform: `translate(${at.toFixed(1)} 13)`, class: `place ${one.type}` });
    place.append(draw("rect", { x: -11, y: -13, width: 22, height: 26, class: "reach" }), sign(one));
    if (at + 22 + LETTER * words.length < Math.min(next, width + 8)) place.append(draw("text", { x: 11, y: 4 }, words));
    place.append(draw("title", {}, [one.text || words, ...(one.after ? [one.after] : [])].join("\n")));
    place.addEventListener("click", () => this._onOccurrence(one));
    return place;
  }

  /** What the area's height is. @param {Course} course @param {number} across @param {number} floor */
  _people(course, across, floor) {
    const most = mostPeople(course);
    const y = floor - CROWD * (floor - EDGE.top) - 4;
    return most ? [draw("text", { x: across - 4, y, "text-anchor": "end", class: "tick words" }, `up to ${Math.round(most)}${this._more} people`)] : [];
  }
}

/** @param {Course} course */
function mostPeople(course) {
  return Math.max(0, ...course.buckets.map((one) => one.people ?? 0));
}

/** How long it took, or where it was. @param {Occurrence} one @param {(at: number) => number} x @param {number} floor */
function extent(one, x, floor) {
  const at = x(one.at);
  if (one.step) return draw("rect", { x: x(one.step.earliest), y: EDGE.top, width: Math.max(1, x(one.step.latest) - x(one.step.earliest)), height: floor - EDGE.top, class: "doubt" });
  if (!one.seconds) return draw("line", { x1: at, x2: at, y1: EDGE.top - 4, y2: floor, class: `happened ${one.type}` });
  return draw("rect", { x: at, y: EDGE.top, width: Math.max(1, x(one.at + one.seconds) - at), height: floor - EDGE.top, class: "length" });
}

/** @param {Course} course @param {Measure} measure @param {import("./layers.js").Scale} scale @param {number} floor */
function data(course, measure, scale, floor) {
  const low = { x: scale.x, y: (/** @type {number} */ share) => floor - share * CROWD * (floor - EDGE.top) };
  const parts = crowd(course.buckets, Math.max(1, mostPeople(course)), low);
  if (measure.key === "valence") {
    if (course.width > 1) parts.push(...bands(course.buckets, (one) => one.least, (one) => one.most, scale, "envelope"));
    parts.push(...bands(course.buckets, (one) => one.low, (one) => one.high, scale, "band"));
  }
  const steps = measure.key === "valence" ? course.occurrences.map((one) => step(one, scale)) : [];
  return [...parts, ...lines(course.buckets, (one) => one[measure.key], scale, "line"), ...steps.filter((one) => one !== null)];
}

/** Why there is no number, under where it would be: said where there is room for the words. @param {Course} course @param {Measure} measure @param {(at: number) => number} x @param {number} top */
function lane(course, measure, x, top) {
  return stretches(course.buckets, (one) => stateOf(one, measure)).filter((one) => one.kind !== "numbers").map(({ kind, buckets }) => {
    const last = buckets[buckets.length - 1];
    const [left, right] = [Math.max(0, x(buckets[0].utc)), x(last.utc + last.width)];
    const made = draw("g", { class: `state-lane ${kind}` });
    made.append(draw("rect", { x: left, y: top, width: Math.max(1, right - left), height: LANE, ...(kind === "paused" ? { fill: "url(#hatched)" } : kind === "unsure" ? { fill: "url(#dotted)" } : {}) }));
    made.append(draw("title", {}, STATES[kind]));
    const free = Math.max(left, 8 + LETTER * measure.ends[0].length); // the scale's low end is written there
    const words = [STATES[kind], SHORT[kind]].find((one) => right - free > LETTER * one.length + 8);
    if (words) made.append(draw("text", { x: (free + right) / 2, y: top - 10, "text-anchor": "middle" }, words));
    return made;
  });
}

function patterns() {
  const hatched = draw("pattern", { id: "hatched", width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, draw("rect", { width: 2, height: 6 }));
  const dotted = draw("pattern", { id: "dotted", width: 5, height: 5, patternUnits: "userSpaceOnUse" }, draw("circle", { cx: 2, cy: 2, r: 1.2 }));
  return draw("defs", {}, hatched, dotted);
}
