// Boxes and their words, laid over the picture. Lines keep their width whatever the zoom.

import { draw, make } from "/static/js/dom.js";
import { handleAt, handlesOf } from "./boxes.js";
import { saidAt } from "./sayings.js";

/** @typedef {import("./boxes.js").Box} Box */
/** @typedef {import("./desk.js").Placed} Placed */

const [TAG, LETTER] = [22, 7.2];

export class Outlines {
  /** @param {SVGElement} svg @param {HTMLElement} tags */
  constructor(svg, tags) {
    this._svg = svg;
    this._tags = tags;
  }

  /** @param {import("./desk.js").Desk} desk @param {import("./view.js").View} view */
  show(desk, view) {
    const placed = desk.faces.filter((one) => one.box || one.face.id === desk.draft?.face);
    const shown = placed.map((one) => ({ ...one, box: onScreen(boxOf(one, desk), view), ...look(one, desk) }));
    const near = shown.filter((one) => overlap(one.box, { x1: 0, y1: 0, x2: view.window.width, y2: view.window.height }));
    const order = [...near].sort((a, b) => Number(a.chosen) - Number(b.chosen));
    const outlines = order.map((one) => outline(one.box, one.style, one.face.id));
    const chosen = shown.find((one) => one.chosen);
    if (chosen && !desk.drawing) outlines.push(handles(chosen.box));
    if (desk.draft && !desk.draft.face) outlines.push(outline(onScreen(desk.draft.box, view), "unsaid chosen", ""));
    this._svg.replaceChildren(...outlines);
    this._tags.replaceChildren(...tagsOf(near, view.window));
  }
}

/** @param {Placed} one @param {import("./desk.js").Desk} desk @returns {Box} */
function boxOf(one, desk) {
  return /** @type {Box} */ (desk.draft?.face === one.face.id ? desk.draft.box : one.box);
}

/** How a face looks, and the words beside it. @param {Placed} one @param {import("./desk.js").Desk} desk */
function look({ face, number }, desk) {
  const label = saidAt(face, desk.annotator, desk.frame);
  const kind = face.ignore ? "ignored" : label || "unsaid";
  const chosen = face.id === desk.selected;
  return { chosen, style: chosen ? `${kind} chosen` : kind, kind, text: `${number}${kind === "unsaid" ? "" : ` ${kind}`}` };
}

/** @param {Box} box @param {import("./view.js").View} view @returns {Box} */
export function onScreen(box, view) {
  const from = view.toScreen({ x: box.x1, y: box.y1 });
  const to = view.toScreen({ x: box.x2, y: box.y2 });
  return { x1: from.x, y1: from.y, x2: to.x, y2: to.y };
}

/** @param {Box} box @param {string} style @param {string} id */
function outline(box, style, id) {
  const place = { x: box.x1, y: box.y1, width: Math.max(0, box.x2 - box.x1), height: Math.max(0, box.y2 - box.y1), rx: 2 };
  return draw("g", { class: `face ${style}`, "data-face": id }, draw("rect", { class: "under", ...place }), draw("rect", { class: "line", ...place }));
}

/** @param {Box} box */
function handles(box) {
  const all = draw("g", { class: "handles" });
  for (const handle of handlesOf(box)) {
    const { x, y } = handleAt(box, handle);
    all.append(draw("rect", { x: x - 4, y: y - 4, width: 8, height: 8, rx: 1 }));
  }
  return all;
}

/**
 * Each word where it covers no other: above its box, below it, or in its upper edge.
 * @param {{box: Box, kind: string, text: string, chosen: boolean}[]} shown
 * @param {{width: number, height: number}} window
 */
function tagsOf(shown, window) {
  /** @type {Box[]} */
  const taken = [];
  return [...shown].sort((a, b) => Number(b.chosen) - Number(a.chosen)).map((one) => {
    const place = free(one, taken, window);
    taken.push(place);
    const tag = make("span", { class: `tag ${one.kind}${one.chosen ? " chosen" : ""}` }, one.text);
    tag.style.transform = `translate(${Math.round(place.x1)}px, ${Math.round(place.y1)}px)`;
    return tag;
  });
}

/** @param {{box: Box, text: string}} one @param {Box[]} taken @param {{width: number, height: number}} window @returns {Box} */
function free({ box, text }, taken, window) {
  const width = 12 + LETTER * text.length;
  const at = (/** @type {number} */ x, /** @type {number} */ y) => ({ x1: x, y1: y, x2: x + width, y2: y + TAG });
  const left = Math.min(Math.max(box.x1 - 1, 0), window.width - width);
  const places = [at(left, box.y1 - TAG - 3), at(left, box.y2 + 3), at(left, box.y1 + 3), at(box.x2 + 3, box.y1), at(left, box.y2 - TAG - 3)];
  const inside = places.filter((place) => place.y1 >= 0 && place.y2 <= window.height && place.x2 <= window.width + 1);
  return inside.find((place) => !taken.some((other) => overlap(place, other))) ?? inside[0] ?? places[0];
}

/** @param {Box} one @param {Box} other */
function overlap(one, other) {
  return one.x1 < other.x2 && other.x1 < one.x2 && one.y1 < other.y2 && other.y1 < one.y2;
}
