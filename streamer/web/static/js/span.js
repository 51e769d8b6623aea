// Spans of time, in seconds since 1970: zoomed, moved, kept within what there is, and as part of an address.

/** @typedef {{from: number, to: number}} Span */

/** Seconds that are shown at least. */
const LEAST = 10;

/** Longer than what is kept by this factor is not shown. */
const AIR = 1.05;

/** @type {[string, number][]} words and seconds up to now; 0 for all that is kept */
export const PRESETS = [["15 min", 900], ["Hour", 3600], ["Day", 86_400], ["Week", 604_800], ["Month", 2_592_000], ["Year", 31_622_400], ["All", 0]];

/**
 * @param {Span} span
 * @param {number} factor below 1 to see less, and more of it
 * @param {number} [around] the time that stays where it is
 * @returns {Span}
 */
export function zoomed(span, factor, around = (span.from + span.to) / 2) {
  return { from: around - factor * (around - span.from), to: around + factor * (span.to - around) };
}

/**
 * @param {Span} span
 * @param {number} share of its length; negative for earlier
 * @returns {Span}
 */
export function moved(span, share) {
  const way = share * (span.to - span.from);
  return { from: span.from + way, to: span.to + way };
}

/**
 * Whole seconds, neither too few nor too many, and not far from what there is.
 * @param {Span} span
 * @param {Span} kept
 * @returns {Span}
 */
export function clamped(span, kept) {
  const most = Math.max(900, AIR * (kept.to - kept.from));
  const wanted = span.to - span.from;
  const length = Math.round(Math.min(most, Math.max(LEAST, wanted)));
  const middle = (span.from + span.to) / 2;
  const from = Math.round(length === Math.round(wanted) ? span.from : middle - length / 2);
  const room = Math.round(length / 2);
  const placed = Math.max(kept.from - room, Math.min(kept.to + room - length, from));
  return { from: placed, to: placed + length };
}

/**
 * Out of "#from=1700000000&to=1700003600".
 * @param {string} hash
 * @returns {Span | null}
 */
export function spanIn(hash) {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  return spanOf(Number(given.get("from") ?? NaN), Number(given.get("to") ?? NaN));
}

/**
 * The two that are compared, out of "#…&a=BEGIN-END&b=BEGIN-END".
 * @param {string} hash
 * @returns {[Span, Span] | null}
 */
export function pairIn(hash) {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  const [a, b] = ["a", "b"].map((name) => spanOf(.../** @type {[number, number]} */ ((given.get(name) ?? "").split("-", 2).map(Number))));
  return a && b ? [a, b] : null;
}

/**
 * @param {Span} span
 * @param {[Span, Span] | null} [pair]
 * @returns {string}
 */
export function hashOf(span, pair = null) {
  return `#${asked(span)}${pair ? `&a=${written(pair[0])}&b=${written(pair[1])}` : ""}`;
}

/** As the server is asked for it. @param {Span} span @returns {string} */
export function asked(span) {
  return `from=${span.from}&to=${span.to}`;
}

/** @param {Span} span @returns {string} */
export function written(span) {
  return `${span.from}-${span.to}`;
}

/** @param {number} from @param {number} to @returns {Span | null} */
function spanOf(from, to) {
  const whole = Number.isFinite(from) && Number.isFinite(to) && from >= 0 && to < 1e11 && from < to;
  return whole ? { from: Math.floor(from), to: Math.ceil(to) } : null;
}
