// What the server tells of a room's past, and what is drawn of it: one measure with its band, and why there is none.

import { signed, percent } from "./words.js";

/**
 * @typedef {object} Bucket seconds from ``utc`` to ``utc + width``; see streamer.timeline.answers
 * @property {number} utc
 * @property {number} width
 * @property {number} known
 * @property {number} seconds
 * @property {number} [paused]
 * @property {number | null} people
 * @property {number | null} valence
 * @property {number | null} low
 * @property {number | null} high
 * @property {number | null} least
 * @property {number | null} most
 * @property {number | null} smile
 * @property {number | null} frown
 * @property {number | null} nod
 * @property {number | null} shake
 * @property {number | null} facing
 *
 * @typedef {object} Occurrence
 * @property {string} id
 * @property {"moment" | "alert" | "mark" | "change"} type
 * @property {number} at seconds since 1970
 * @property {number} seconds 0 for what has no length
 * @property {number} change of a moment, and how much a change is
 * @property {string} text
 * @property {string} [after] what came after a mark, in words
 * @property {{before: number, after: number, earliest: number, latest: number}} [step] of a change: from which value to which, and between which times
 *
 * @typedef {{begin: number, end: number, width: number, first: number | null, last: number | null, now: number, buckets: Bucket[], occurrences: Occurrence[], leftOut: number}} Course
 * @typedef {"numbers" | "unsure" | "few" | "paused" | "off"} State
 * @typedef {{key: "valence" | "smile" | "frown" | "nod" | "shake" | "facing", word: string, range: [number, number], ends: [string, string], say: (value: number) => string}} Measure
 */

/** @type {Measure} */
export const VALENCE = { key: "valence", word: "Valence", range: [-1, 1], ends: ["unpleasant", "pleasant"], say: signed };

/** @type {Measure[]} where no emotion is inferred */
export const SIGNS = /** @type {[Measure["key"], string][]} */ ([["smile", "Smiling"], ["frown", "Frowning"], ["nod", "Nodding"], ["shake", "Shaking their heads"], ["facing", "Facing the camera"]])
  .map(([key, word]) => ({ key, word, range: [0, 1], ends: ["nobody", "everybody"], say: percent }));

/** @type {Record<State, string>} */
export const STATES = {
  numbers: "",
  unsure: "not enough evidence",
  few: "too few people, or nobody",
  paused: "analysis off",
  off: "not running",
};

/** @type {Record<State, string>} the same, for where there is little room */
export const SHORT = { numbers: "", unsure: "unsure", few: "too few", paused: "analysis off", off: "not running" };

/**
 * @param {any} told
 * @returns {Course}
 */
export function courseOf(told) {
  const occurrences = (told?.occurrences ?? []).map(occurrenceOf);
  const { begin, end, width, first = null, last = null, now, buckets = [], left_out: leftOut = 0 } = told ?? {};
  return { begin, end, width, first, last, now, buckets, occurrences, leftOut };
}

/**
 * @param {any} told
 * @returns {Occurrence}
 */
export function occurrenceOf(told) {
  const { id, type, seconds = 0, change = 0 } = told;
  return { id, type, at: Date.parse(told.utc) / 1000, seconds, change, text: type === "alert" ? told.reason : (told.text ?? "") };
}

/**
 * Whether it has numbers, or why not.
 * @param {Bucket} bucket
 * @param {Measure} measure
 * @returns {State}
 */
export function stateOf(bucket, measure) {
  if (bucket[measure.key] !== null) return "numbers";
  if (bucket.known === 0) return "off";
  if ((bucket.paused ?? 0) * 2 > bucket.known) return "paused";
  return bucket.people === null ? "few" : "unsure";
}

/**
 * Neighbours of the same kind, together.
 * @template K
 * @param {Bucket[]} buckets
 * @param {(bucket: Bucket) => K} kind
 * @returns {{kind: K, buckets: Bucket[]}[]}
 */
export function stretches(buckets, kind) {
  /** @type {{kind: K, buckets: Bucket[]}[]} */
  const found = [];
  let end = NaN;
  for (const one of buckets) {
    const own = kind(one);
    const last = found.at(-1);
    if (last && last.kind === own && one.utc === end) last.buckets.push(one);
    else found.push({ kind: own, buckets: [one] });
    end = one.utc + one.width;
  }
  return found;
}

/**
 * @param {Bucket[]} buckets
 * @param {number} utc
 * @returns {Bucket | undefined}
 */
export function bucketAt(buckets, utc) {
  return buckets.find((one) => one.utc <= utc && utc < one.utc + one.width);
}
