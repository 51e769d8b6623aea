// The sign of what happened: a shape and a colour for each kind.

import { draw } from "./dom.js";

/** @typedef {import("./course.js").Occurrence} Occurrence */

/** @type {Record<string, string>} around (0, 0) */
const SHAPES = { up: "M0-6 6 5H-6Z", down: "M0 6 6-5H-6Z", alert: "M0-7 7 0 0 7-7 0Z", mark: "M-1-7H8L5-3.5 8 0H1V7H-1Z" };

/** @param {Occurrence} one */
function shapeOf(one) {
  return one.type === "moment" ? (one.change < 0 ? "down" : "up") : one.type;
}

/** @param {Occurrence} one @returns {SVGElement} */
export function sign(one) {
  return draw("path", { d: SHAPES[shapeOf(one)] ?? SHAPES.mark, class: `sign ${shapeOf(one)}` });
}
