// Times of day and days, as the browser's place has them.

const DAY = 86_400;

/** @type {Intl.DateTimeFormatOptions} */
const DATE = { weekday: "short", day: "numeric", month: "short", year: "numeric" };

/** Seconds between two ticks: below a day in local hours, from a day on in days, months, years. */
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200];

/** @type {[number, "day" | "month" | "year", number][]} seconds about, unit, how many */
const LONG = [[DAY, "day", 1], [2 * DAY, "day", 2], [7 * DAY, "day", 7], [30 * DAY, "month", 1], [91 * DAY, "month", 3], [183 * DAY, "month", 6], [365 * DAY, "year", 1]];

/** @param {number} utc @returns {Date} */
function date(utc) {
  return new Date(1000 * utc);
}

/** @param {number} utc @param {boolean} seconds @returns {string} "14:32" or "14:32:05" */
export function timeOf(utc, seconds = false) {
  const when = date(utc);
  const parts = [when.getHours(), when.getMinutes(), ...(seconds ? [when.getSeconds()] : [])];
  return parts.map((one) => String(one).padStart(2, "0")).join(":");
}

/** @param {number} utc @returns {string} "Mon, 23 Nov 2026" */
export function dayOf(utc) {
  return date(utc).toLocaleDateString("en-GB", DATE);
}

/** @param {number} utc @returns {string} "23 Nov" */
export function shortDay(utc) {
  return date(utc).toLocaleDateString("en-GB", { day: "numeric", month: "short" });
}

/** @param {import("./span.js").Span} span @returns {string} */
export function spanWords({ from, to }) {
  const seconds = to - from < 600;
  const last = dayOf(to - 1); // the second at which it ends is not in it any more
  if (dayOf(from) === last) return `${dayOf(from)}, ${timeOf(from, seconds)} – ${timeOf(to, seconds)}`;
  if (to - from < 3 * DAY) return `${dayOf(from)}, ${timeOf(from)} – ${last}, ${timeOf(to)}`;
  return `${dayOf(from)} – ${last}`;
}

/** @param {number} seconds @returns {string} "5 s", "15 min", "1 h 15 min", "1 day", "12 days" */
export function lengthWords(seconds) {
  const days = Math.round(seconds / DAY);
  if (seconds === days * DAY) return days === 1 ? "1 day" : `${days} days`;
  if (seconds < 60) return `${Math.round(seconds)}\u202fs`;
  if (seconds < 3600) return `${Math.round(seconds / 60)}\u202fmin`;
  const [hours, minutes] = [Math.floor(Math.round(seconds / 60) / 60), Math.round(seconds / 60) % 60];
  if (hours < 48) return `${hours}\u202fh${minutes && hours < 10 ? ` ${minutes}\u202fmin` : ""}`;
  return `${days} days`;
}

/** @returns {string} "Europe/Berlin, UTC+1" */
export function zoneWords() {
  const minutes = -new Date().getTimezoneOffset();
  const hours = Math.floor(Math.abs(minutes) / 60) + (Math.abs(minutes) % 60 ? `:${Math.abs(minutes) % 60}` : "");
  const offset = minutes === 0 ? "UTC" : `UTC${minutes < 0 ? "\u2212" : "+"}${hours}`;
  const name = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return name && name !== "UTC" ? `${name}, ${offset}` : offset;
}

/** @typedef {{at: number, words: string, below: string}} Tick ``below``: the day, where it begins */

/**
 * At most ``most`` of them, on the hour, at midnight, on the first of a month.
 * @param {import("./span.js").Span} span
 * @param {number} most
 * @returns {Tick[]}
 */
export function ticks(span, most) {
  const least = (span.to - span.from) / Math.max(1, most);
  const step = STEPS.find((one) => one >= least);
  const found = step ? shortTicks(span, step) : longTicks(span, least);
  if (step && found.length && !found.some((one) => one.below)) found[0].below = shortDay(found[0].at);
  return found;
}

/** @param {import("./span.js").Span} span @param {number} step @returns {Tick[]} */
function shortTicks(span, step) {
  const found = [];
  const midnight = date(span.from);
  midnight.setHours(0, 0, 0, 0);
  while (midnight.getTime() / 1000 <= span.to) {
    const begin = midnight.getTime() / 1000;
    midnight.setDate(midnight.getDate() + 1);
    const next = midnight.getTime() / 1000;
    const first = begin + step * Math.max(0, Math.ceil((span.from - begin) / step));
    for (let at = first; at < Math.min(next, span.to + 1); at += step) {
      found.push({ at, words: timeOf(at, step < 60), below: at === begin ? shortDay(at) : "" });
    }
  }
  return found;
}

/** @param {import("./span.js").Span} span @param {number} least @returns {Tick[]} */
function longTicks(span, least) {
  const [, unit, given] = LONG.find(([seconds]) => seconds >= least) ?? LONG[LONG.length - 1];
  const count = unit === "year" ? Math.max(1, Math.ceil(least / (365 * DAY))) : given;
  const when = date(span.from);
  when.setHours(0, 0, 0, 0);
  if (unit === "month") when.setMonth(when.getMonth() - (when.getMonth() % count), 1);
  if (unit === "year") when.setMonth(0, 1);
  if (unit === "day" && count === 7) when.setDate(when.getDate() - ((when.getDay() + 6) % 7));
  const found = [];
  for (; when.getTime() / 1000 <= span.to; forward(when, unit, count)) {
    const at = when.getTime() / 1000;
    if (at >= span.from) found.push({ at, words: unit === "year" ? "" : unit === "month" ? monthOf(when) : shortDay(at), below: yearOf(when, unit, found.length) });
  }
  return found;
}

/** @param {Date} when @param {"day" | "month" | "year"} unit @param {number} count */
function forward(when, unit, count) {
  if (unit === "day") when.setDate(when.getDate() + count);
  else when.setMonth(when.getMonth() + count * (unit === "year" ? 12 : 1));
}

/** @param {Date} when @returns {string} */
function monthOf(when) {
  return when.toLocaleDateString("en-GB", { month: "short" });
}

/** @param {Date} when @param {"day" | "month" | "year"} unit @param {number} before */
function yearOf(when, unit, before) {
  const begins = unit === "year" || (when.getMonth() === 0 && (unit === "month" || when.getDate() <= 7));
  return begins || !before ? String(when.getFullYear()) : "";
}
