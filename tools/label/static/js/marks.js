// Where a face is on a frame, by the rule of tools/labelled/truth.py, and where the marks of a track stand.

/**
 * @typedef {{x1: number, y1: number, x2: number, y2: number}} Box pixels of the upright picture, x2 and y2 exclusive
 * @typedef {Box & {frame: number, gone?: boolean, by?: string}} Mark
 * @typedef {{annotator: string, frame: number, label: string}} Said
 * @typedef {{id: string, marks: Mark[], said: Said[], ignore: boolean, attributes: Record<string, string>}} Face
 * @typedef {{file: string, kind: "image" | "video", width: number, height: number, frames: number, fps: number,
 *   complete: boolean, faces: Face[]}} Medium
 * @typedef {{from: number, to: number}} Span frames, ``to`` exclusive
 */

/**
 * Between two marks the box moves evenly; before the first one and while it is gone there is none.
 * @param {Mark[]} marks rising by frame
 * @param {number} frame
 * @returns {Box | null}
 */
export function boxAt(marks, frame) {
  const next = marks.findIndex((mark) => mark.frame > frame);
  const here = next < 0 ? marks.at(-1) : marks[next - 1];
  const there = marks[next];
  if (!here || here.gone) return null;
  const part = !there || there.gone ? 0 : (frame - here.frame) / (there.frame - here.frame);
  /** @param {"x1" | "y1" | "x2" | "y2"} side */
  const between = (side) => here[side] + part * ((part ? there[side] : here[side]) - here[side]);
  return { x1: between("x1"), y1: between("y1"), x2: between("x2"), y2: between("y2") };
}

/** The mark that stands on this very frame. @param {Mark[]} marks @param {number} frame */
export function markOn(marks, frame) {
  return marks.find((mark) => mark.frame === frame);
}

/** The mark whose box holds at a frame. @param {Mark[]} marks @param {number} frame */
export function markBefore(marks, frame) {
  return marks.filter((mark) => mark.frame <= frame).at(-1);
}

/**
 * Where a face is to be seen.
 * @param {Mark[]} marks
 * @param {number} frames of the medium
 * @returns {Span[]}
 */
export function spans(marks, frames) {
  /** @type {Span[]} */
  const found = [];
  for (const [number, mark] of marks.entries()) {
    const to = marks[number + 1]?.frame ?? frames;
    const last = found.at(-1);
    if (mark.gone) continue;
    if (last && last.to === mark.frame) last.to = to;
    else found.push({ from: mark.frame, to });
  }
  return found;
}

/**
 * The parts of the spans that lie in another one.
 * @param {Span[]} all
 * @param {Span} within
 * @returns {Span[]}
 */
export function cut(all, within) {
  const parts = all.map(({ from, to }) => ({ from: Math.max(from, within.from), to: Math.min(to, within.to) }));
  return parts.filter(({ from, to }) => from < to);
}

/** The first frame on which it is to be seen. @param {Face} face */
export function firstFrame(face) {
  return face.marks.find((mark) => !mark.gone)?.frame ?? 0;
}
