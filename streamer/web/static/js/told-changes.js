// How a room changed, and what it did after a mark, in words: what was seen and how sure it is, never why.

import { dayOf, lengthWords, shortDay, timeOf } from "./when.js";
import { signed } from "./words.js";

/** @typedef {import("./course.js").Occurrence} Occurrence */
/** @typedef {{value: number, low: number | null, high: number | null}} Estimate */

/**
 * @typedef {object} Change see streamer.web.answers_trends
 * @property {number} utc
 * @property {number} earliest
 * @property {number} latest
 * @property {number} seconds
 * @property {number} before
 * @property {number} after
 * @property {number} size
 * @property {number} confidence
 *
 * @typedef {{id: string, change: Estimate | null, p: number | null, changed: boolean, overlaps: string[]}} Aftermath
 * @typedef {{first: string, second: string, lag: number, above_chance: boolean, leads: boolean}} Following
 */

const DAY = 86_400;
const THIN = "\u202f";

/**
 * As something that happened.
 * @param {Change[]} changes oldest first
 * @returns {Occurrence[]}
 */
export function asOccurrences(changes) {
  return changes.map((one, index) => ({
    id: `change-${one.utc}`,
    type: "change",
    at: one.utc,
    seconds: 0,
    change: one.size,
    text: changeWords(one, index === changes.length - 1),
    step: { before: one.before, after: one.after, earliest: one.earliest, latest: one.latest },
  }));
}

/** @param {Change} change @param {boolean} last @returns {string} "the room sank by 0.30, likely between 14:06 and 14:08; stayed so for 12 min" */
export function changeWords(change, last) {
  const verb = change.size > 0 ? "lifted" : "sank";
  const stayed = last ? `for the ${lengthWords(change.seconds)} shown after it` : `for ${lengthWords(change.seconds)}`;
  return `the room ${verb} by ${Math.abs(change.size).toFixed(2)}, likely between ${betweenWords(change)}; stayed so ${stayed}`;
}

/** @param {Change} change @returns {string} */
function betweenWords({ earliest, latest }) {
  const length = latest - earliest;
  if (length >= 2 * DAY) return `${shortDay(earliest)} and ${shortDay(latest)}`;
  const other = dayOf(earliest) !== dayOf(latest);
  const when = (/** @type {number} */ utc) => `${other ? `${shortDay(utc)}, ` : ""}${timeOf(utc, length < 120)}`;
  return `${when(earliest)} and ${when(latest)}`;
}

/**
 * @param {Aftermath} told
 * @param {number} window seconds
 * @returns {string}
 */
export function afterWords(told, window) {
  const near = told.overlaps.length ? `; ${told.overlaps.map((one) => `“${one}”`).join(", ")} was marked near it, so it may as well have come after that` : "";
  return followed(told, window === 120 ? "two minutes" : lengthWords(window)) + near;
}

/** @param {Aftermath} told @param {string} time @returns {string} */
function followed({ change, p, changed }, time) {
  if (!change) return "not enough evidence of what came after it";
  const size = `in the ${time} after it: ${signed(change.value)}`;
  if (p === null || change.low === null || change.high === null) return `${size}, with too little around it to tell that from chance`;
  const told = `${size} (90${THIN}% interval ${signed(change.low)} to ${signed(change.high)})`;
  const share = p < 0.01 ? "fewer than 1" : String(Math.round(100 * p));
  return changed ? `${told}; as much at ${share} of 100 other times around it` : `${told}; no more than at other times: as much at ${share} of 100`;
}

/** @param {Following} one @param {number} pairs @returns {string} */
export function followingWords(one, pairs) {
  const among = pairs === 1 ? "the only pair" : `one of ${pairs} pairs`;
  if (!one.leads) return `${one.first} and ${one.second} moved together more than chance, neither surely first (${among})`;
  return `${one.first} before ${one.second} by ${one.lag}${THIN}s, more than chance (${among})`;
}
