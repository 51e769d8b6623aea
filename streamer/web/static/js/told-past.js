// The past in words: of one place, of the whole span, and how to read the plot.

import { STATES, stateOf } from "./course.js";
import { between, signed } from "./words.js";
import { dayOf, lengthWords, spanWords, timeOf, zoneWords } from "./when.js";

/** @typedef {import("./course.js").Bucket} Bucket */
/** @typedef {import("./course.js").Measure} Measure */

/**
 * @param {Bucket | undefined} bucket
 * @param {Measure} measure
 * @param {number} least people of whom anything is said
 * @returns {string}
 */
export function readingOf(bucket, measure, least) {
  if (!bucket) return "";
  const when = bucket.width >= 86_400 ? dayOf(bucket.utc) : `${dayOf(bucket.utc)}, ${timeOf(bucket.utc, bucket.width < 60)}`;
  const length = bucket.width > 1 ? ` (${lengthWords(bucket.width)})` : "";
  const state = stateOf(bucket, measure);
  const value = bucket[measure.key];
  if (state !== "numbers" || value === null) return `${when}${length}: ${STATES[state]}`;
  const parts = [measure.say(value)];
  if (measure.key === "valence" && bucket.low !== null && bucket.high !== null) parts.push(between([bucket.low, bucket.high]));
  if (measure.key === "valence" && bucket.width > 1 && bucket.least !== null && bucket.most !== null) parts.push(`from ${signed(bucket.least)} to ${signed(bucket.most)}`);
  if (bucket.people !== null) parts.push(`${Math.round(bucket.people)}${least > 1 ? "+" : ""} people`);
  return `${when}${length}: ${parts.join(" · ")}`;
}

/**
 * @param {import("./course.js").Course} course
 * @param {import("./span.js").Span} span
 * @param {Measure} measure
 * @returns {string}
 */
export function noteOf(course, span, measure) {
  const each = course.width > 1 ? `Each point stands for ${lengthWords(course.width)}. ` : "Second by second. ";
  const bands = course.width > 1 ? "line: mean, dark band: its 80\u202f% interval, light: lowest to highest, " : "line: the value, band: its 80\u202f% interval, ";
  const told = measure.key === "valence" ? bands : "line: share of the people, ";
  return `${each}Shown: ${told}below: how many people. ${lengthWords(span.to - span.from)} in local time (${zoneWords()}).`;
}

/**
 * Why the plot is empty; nothing where it is not.
 * @param {import("./course.js").Course} course
 * @param {import("./span.js").Span} span
 * @param {Measure} measure
 * @returns {string}
 */
export function noneWords(course, span, measure) {
  const within = course.buckets.filter((one) => one.utc < span.to && one.utc + one.width > span.from);
  const states = within.map((one) => stateOf(one, measure));
  if (states.includes("numbers")) return "";
  if (!within.some((one) => one.known > 0)) return "Nothing was recorded in this span.";
  return `No number in this span: ${STATES[states.find((one) => one !== "off") ?? "off"]}.`;
}

/**
 * For who cannot see the plot.
 * @param {import("./course.js").Course} course
 * @param {import("./span.js").Span} span
 * @param {Measure} measure
 * @returns {string}
 */
export function described(course, span, measure) {
  const keys = "Plus and minus zoom, arrows move.";
  const known = course.buckets.flatMap((one) => one[measure.key] ?? []);
  const head = `${measure.word}, ${spanWords(span)}`;
  if (!known.length) return `${head}: no number. ${keys}`;
  const mean = known.reduce((sum, one) => sum + one, 0) / known.length;
  const [low, high] = [Math.min(...known), Math.max(...known)].map(measure.say);
  return `${head}: between ${low} and ${high}, ${measure.say(mean)} in the middle. ${course.occurrences.length} things happened. ${keys}`;
}
