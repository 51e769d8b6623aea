// How numbers are said.

const MINUS = "\u2212";
const THIN = "\u202f";

/** @param {number} value @returns {string} "+0.35", "−0.10", "0.00" */
export function signed(value) {
  const text = Math.abs(value).toFixed(2);
  if (text === "0.00") return text;
  return (value < 0 ? MINUS : "+") + text;
}

/** @param {number} share 0…1 @returns {string} */
export function percent(share) {
  return `${Math.round(share * 100)}${THIN}%`;
}

/**
 * What the interval allows to be said, and no more.
 * @param {number} valence
 * @param {[number, number] | null} interval
 * @param {string} [who]
 * @returns {string}
 */
export function verdict(valence, interval, who = "The room") {
  const [low, high] = interval ?? [valence, valence];
  const side = valence > 0 ? "pleasant" : "unpleasant";
  if (low > 0 || high < 0) return `${who} looks ${Math.abs(valence) >= 0.5 ? "clearly" : "rather"} ${side}`;
  return Math.abs(valence) < 0.1 ? `${who} leans to neither side` : `${who} may look rather ${side}`;
}

/** @param {[number, number] | null} interval @returns {string} */
export function between(interval) {
  return interval ? `80${THIN}% interval ${signed(interval[0])} to ${signed(interval[1])}` : "interval not known";
}

/**
 * Counts of a published room are rounded down; where one person may be shown they are exact.
 * @param {number} used
 * @param {number} people
 * @param {number} least
 */
export function peopleUsed(used, people, least) {
  const more = least > 1 ? "+" : "";
  if (least <= 1 && people === 1) return "One person";
  return `${used}${more} of ${people}${more} people`;
}

/** @param {number} seconds @returns {string} "60 ms", "1.4 s", "12 s", "3 min" */
export function span(seconds) {
  if (seconds < 0.995) return `${10 * Math.round(100 * seconds)}${THIN}ms`;
  if (seconds < 10) return `${seconds.toFixed(1)}${THIN}s`;
  if (seconds < 100) return `${Math.round(seconds)}${THIN}s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)}${THIN}min`;
  return `${Math.round(seconds / 3600)}${THIN}h`;
}

/** @param {Date} time @returns {string} "14:32" */
export function clock(time) {
  return `${String(time.getHours()).padStart(2, "0")}:${String(time.getMinutes()).padStart(2, "0")}`;
}

/** @param {{seconds: number, change: number, over: boolean}} moment @returns {string} */
export function momentWords(moment) {
  const verb = moment.change > 0 ? "lifted" : "sank";
  const time = moment.over ? `for ${Math.round(moment.seconds)}${THIN}s` : `for ${Math.round(moment.seconds)}${THIN}s so far`;
  return `the room ${verb} ${time}, ${signed(moment.change)}`;
}

/**
 * Why there is no number.
 * @param {number} least
 * @returns {string}
 */
export function asleep(least) {
  if (least <= 1) return "Nobody is seen. The meter wakes as soon as a face is.";
  return `Fewer than ${least} people are seen, or nobody. A number of so few would show a person, so none is shown. The meter wakes by itself when there are ${least}.`;
}

export const NOT_ENOUGH =
  "Too few of the faces can be read well enough. More light, a closer camera, or faces turned towards it would help.";
