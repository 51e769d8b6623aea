// What was said of a face, by this annotator and by others.

/** @typedef {import("./marks.js").Face} Face */
/** @typedef {import("./marks.js").Medium} Medium */

/**
 * What an annotator says of a face at a frame; "" for nothing.
 * @param {Face} face
 * @param {string} annotator
 * @param {number} frame
 */
export function saidAt(face, annotator, frame) {
  return face.said.filter((one) => one.annotator === annotator && one.frame <= frame).at(-1)?.label ?? "";
}

/** @param {Face} face @param {string} annotator */
export function hasSaid(face, annotator) {
  return face.said.some((one) => one.annotator === annotator);
}

/** Whether this face still waits for the annotator. @param {Face} face @param {string} annotator */
export function isUnsaid(face, annotator) {
  return !face.ignore && !hasSaid(face, annotator);
}

/**
 * What others say at a frame; null while the annotator has said nothing, so that nobody follows the others.
 * @param {Face} face
 * @param {string} annotator
 * @param {number} frame
 * @returns {[string, string][] | null} annotator and label
 */
export function othersAt(face, annotator, frame) {
  if (!hasSaid(face, annotator)) return null;
  const others = new Set(face.said.map((one) => one.annotator).filter((name) => name !== annotator));
  /** @type {[string, string][]} */
  const told = [...others].map((name) => [name, saidAt(face, name, frame)]);
  return told.filter(([, label]) => label);
}

/**
 * The expressions of a face through a video, as the annotator said them.
 * @param {Face} face
 * @param {string} annotator
 * @param {number} frames of the medium
 * @returns {{from: number, to: number, label: string}[]} ``to`` exclusive
 */
export function segments(face, annotator, frames) {
  const own = face.said.filter((one) => one.annotator === annotator);
  return own.map(({ frame, label }, number) => ({ from: frame, to: own[number + 1]?.frame ?? frames, label }));
}

/** @param {Medium} medium @param {string} annotator */
export function counts(medium, annotator) {
  const unsaid = medium.faces.filter((face) => isUnsaid(face, annotator)).length;
  return { faces: medium.faces.length, unsaid, complete: medium.complete };
}
