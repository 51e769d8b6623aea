// Boxes as they are drawn and corrected: whole pixels of the picture, never outside of it, never empty.

/** @typedef {import("./marks.js").Box} Box */
/** @typedef {{x: number, y: number}} Point */
/** @typedef {{width: number, height: number}} Size */

/** Pixels of the picture that a box has at least. */
const LEAST = 4;

/** The handles of a box: which sides each of them moves. A box that is small on the screen has those of its corners. */
const [CORNERS, SIDES, ROOMY] = [["nw", "ne", "se", "sw"], ["n", "e", "s", "w"], 56];

/** @param {Box} box pixels of the screen */
export function handlesOf(box) {
  return Math.min(box.x2 - box.x1, box.y2 - box.y1) < ROOMY ? CORNERS : [...CORNERS, ...SIDES];
}

/** @param {Point} from @param {Point} to @param {Size} size @returns {Box | null} null where it is too small to be one */
export function drawn(from, to, size) {
  const [x1, x2] = ordered(from.x, to.x, size.width);
  const [y1, y2] = ordered(from.y, to.y, size.height);
  return x2 - x1 < LEAST || y2 - y1 < LEAST ? null : { x1, y1, x2, y2 };
}

/** @param {number} a @param {number} b @param {number} most */
function ordered(a, b, most) {
  return [Math.min(a, b), Math.max(a, b)].map((side) => clamped(Math.round(side), 0, most));
}

/** Moved by whole pixels, so far as it stays in the picture. @param {Box} box @param {Point} by @param {Size} size @returns {Box} */
export function moved(box, by, size) {
  const x = clamped(Math.round(by.x), Math.min(0, -box.x1), Math.max(0, size.width - box.x2));
  const y = clamped(Math.round(by.y), Math.min(0, -box.y1), Math.max(0, size.height - box.y2));
  return { x1: box.x1 + x, y1: box.y1 + y, x2: box.x2 + x, y2: box.y2 + y };
}

/** With the sides of a handle at a point. @param {Box} box @param {string} handle @param {Point} to @param {Size} size @returns {Box} */
export function sized(box, handle, to, size) {
  const made = { ...box };
  if (handle.includes("w")) made.x1 = clamped(Math.round(to.x), 0, box.x2 - LEAST);
  if (handle.includes("e")) made.x2 = clamped(Math.round(to.x), box.x1 + LEAST, size.width);
  if (handle.includes("n")) made.y1 = clamped(Math.round(to.y), 0, box.y2 - LEAST);
  if (handle.includes("s")) made.y2 = clamped(Math.round(to.y), box.y1 + LEAST, size.height);
  return made;
}

/** Where a handle is. @param {Box} box @param {string} handle @returns {Point} */
export function handleAt(box, handle) {
  const x = handle.includes("w") ? box.x1 : handle.includes("e") ? box.x2 : (box.x1 + box.x2) / 2;
  const y = handle.includes("n") ? box.y1 : handle.includes("s") ? box.y2 : (box.y1 + box.y2) / 2;
  return { x, y };
}

/** @param {Box} box @param {Point} point @param {number} [margin] */
export function holds(box, point, margin = 0) {
  const inX = point.x >= box.x1 - margin && point.x <= box.x2 + margin;
  return inX && point.y >= box.y1 - margin && point.y <= box.y2 + margin;
}

/** @param {Box} box */
export function area(box) {
  return (box.x2 - box.x1) * (box.y2 - box.y1);
}

/**
 * Boxes as one reads: rows from the top, each from the left.
 * @template {{box: Box}} T
 * @param {T[]} all
 * @returns {T[]}
 */
export function asRead(all) {
  const middle = (/** @type {T} */ one) => (one.box.y1 + one.box.y2) / 2;
  /** @type {T[][]} */
  const rows = [];
  for (const one of [...all].sort((a, b) => middle(a) - middle(b))) {
    const row = rows.at(-1);
    if (row && middle(one) - middle(row[0]) < (row[0].box.y2 - row[0].box.y1) / 2) row.push(one);
    else rows.push([one]);
  }
  return rows.flatMap((row) => row.sort((a, b) => a.box.x1 - b.box.x1));
}

/** @param {number} value @param {number} least @param {number} most */
export function clamped(value, least, most) {
  return Math.max(least, Math.min(most, value));
}
