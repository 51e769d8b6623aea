// Edits as they will look, so that the page does not wait for the server; what the server answers then holds.

import { boxAt, markBefore, markOn } from "./marks.js";

/** @typedef {import("./marks.js").Face} Face */
/** @typedef {import("./marks.js").Mark} Mark */
/** @typedef {import("./marks.js").Medium} Medium */
/** @typedef {{do: string, face?: string, frame?: number, mark?: Mark, [key: string]: any}} Edit */

/** What only the server works out. */
const SERVERS_OWN = ["join", "split"];

/**
 * @param {Medium} medium
 * @param {Edit} edit
 * @param {string} annotator
 * @param {string} made the name of a face that has none of the server's yet
 * @returns {Medium}
 */
export function edited(medium, edit, annotator, made = "") {
  if (edit.do === "complete") return { ...medium, complete: edit.on };
  if (edit.do === "remove") return { ...medium, faces: medium.faces.filter((face) => face.id !== edit.face) };
  if (edit.do === "add") {
    const mark = { gone: false, by: annotator, .../** @type {Mark} */ (edit.mark) };
    return { ...medium, faces: [...medium.faces, { id: made, marks: [mark], said: [], ignore: false, attributes: {} }] };
  }
  const changed = (/** @type {Face} */ face) => (face.id === edit.face ? { ...face, ...change(face, edit, annotator) } : face);
  return { ...medium, faces: medium.faces.map(changed) };
}

/**
 * @param {Face} face
 * @param {Edit} edit
 * @param {string} annotator
 * @returns {Partial<Face>} what is new of it
 */
function change(face, edit, annotator) {
  const frame = edit.frame ?? 0;
  if (edit.do === "move") return { marks: tidy(put(face.marks, { gone: false, by: annotator, .../** @type {Mark} */ (edit.mark) })) };
  if (edit.do === "unmark") return { marks: tidy(face.marks.filter((mark) => mark.frame !== frame)) };
  if (edit.do === "gone") return { marks: gone(face.marks, frame, annotator) };
  if (edit.do === "ignore") return { ignore: edit.on };
  if (edit.do === "attribute") return { attributes: attributed(face.attributes, edit.name, edit.value) };
  if (edit.do !== "say") return {};
  const rest = face.said.filter((one) => one.annotator !== annotator || one.frame !== frame);
  return { said: edit.label === null ? rest : put(rest, { annotator, frame, label: edit.label }, false) };
}

/**
 * @template {{frame: number}} T
 * @param {T[]} all
 * @param {T} one
 * @param {boolean} alone whether it takes the place of what stands on its frame
 * @returns {T[]} rising by frame
 */
function put(all, one, alone = true) {
  return [...all.filter((other) => !alone || other.frame !== one.frame), one].sort((a, b) => a.frame - b.frame);
}

/** Not to be seen from a frame on; where it was before stays as it was. @param {Mark[]} marks @param {number} frame @param {string} by @returns {Mark[]} */
function gone(marks, frame, by) {
  const box = boxAt(marks, frame);
  const last = markBefore(marks, frame);
  if (!box || !last || frame <= marks[0].frame) return marks;
  const held = boxAt(marks, frame - 1);
  const needed = !samePlace({ ...last, frame }, { ...box, frame }) && held && !markOn(marks, frame - 1);
  const before = needed ? put(marks, { frame: frame - 1, ...held, gone: false, by: markBefore(marks, frame - 1)?.by ?? "" }) : marks;
  return tidy(put(before, { frame, ...box, gone: true, by }));
}

/** Without a ``gone`` where nothing was to be seen before. @param {Mark[]} marks */
function tidy(marks) {
  /** @type {Mark[]} */
  const kept = [];
  for (const mark of marks) if (!mark.gone || (kept.length && !kept[kept.length - 1].gone)) kept.push(mark);
  return kept;
}

/** @param {Record<string, string>} all @param {string} name @param {string | null} value */
function attributed(all, name, value) {
  const rest = Object.fromEntries(Object.entries(all).filter(([key]) => key !== name));
  return value === null ? rest : { ...rest, [name]: value };
}

/**
 * Whether the newest labels hold it already, as they do where only the server's answer was lost.
 * @param {Medium} medium
 * @param {Edit} edit
 * @param {string} annotator
 */
export function isDone(medium, edit, annotator) {
  if (SERVERS_OWN.includes(edit.do)) return false;
  if (edit.do === "add") return holding(medium, edit) !== undefined;
  return same(edited(medium, edit, annotator), medium);
}

/** The face whose mark stands exactly where an edit puts one. @param {Medium} medium @param {Edit} edit */
export function holding(medium, edit) {
  return medium.faces.find((face) => face.marks.some((mark) => samePlace(mark, /** @type {Mark} */ (edit.mark))));
}

/** @param {Mark} one @param {Mark} other */
function samePlace(one, other) {
  return /** @type {const} */ (["frame", "x1", "y1", "x2", "y2"]).every((key) => one[key] === other[key]);
}

/**
 * Whether an edit can be done on the newest labels as it was meant: what it is about is as it was.
 * @param {Medium} old
 * @param {Medium} now
 * @param {Edit} edit
 */
export function stillMeant(old, now, edit) {
  const involved = [edit.face, edit.other].filter((id) => id !== undefined);
  return involved.every((id) => {
    const face = now.faces.find((one) => one.id === id);
    return face !== undefined && same(face, old.faces.find((one) => one.id === id));
  });
}

/** @param {unknown} one @param {unknown} other @returns {boolean} */
export function same(one, other) {
  if (typeof one !== "object" || typeof other !== "object" || !one || !other) return one === other;
  const [a, b] = /** @type {Record<string, unknown>[]} */ ([one, other]);
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => same(a[key], b[key]));
}

/** An edit in words, for saying that it was not done. @param {Edit} edit */
export function wordsOf(edit) {
  if (edit.do === "say") return edit.label === null ? "taking back what you said" : `“${edit.label}”`;
  if (edit.do === "complete") return "whether all faces are marked";
  const words = { add: "a new box", move: "a moved box", unmark: "a mark less", gone: "“gone from here”", remove: "a face less" };
  const more = { ignore: "“ignore”", attribute: `“${edit.name}”`, join: "“the same person”", split: "“somebody else from here”" };
  return { ...words, ...more }[edit.do] ?? edit.do;
}
