// The sign of what happened: a shape and a colour for each kind.

import { draw } from "./dom.js";

/** @typedef {import("./course.js").Occurrence} Occurrence */

/** @type {Record<string, string>} around (0, 0) */
const SHAPES = { up: "M0-6 6 5H-6Z", down: "M0 6 6-5H-6Z", alert: "M0-7 7 0 0 7-7 0Z", mark: "M-1-7H8L5-3.5 8 0H1V7H-1Z", "step-up": "M-7 3H-1V-5H7V-3H1V5H-7Z", "step-down": "M-7-5H1V3H7V5H-1V-3H-7Z" };

/** @param {Occurrence} one */
function shapeOf(one) {
  const way = one.change < 0 ? "down" : "up";
  return one.type === "moment" ? way : one.type === "change" ? `step-${way}` : one.type;
}

/** @param {Occurrence} one @returns {SVGElement} */
export function sign(one) {
  return draw("path", { d: SHAPES[shapeOf(one)] ?? SHAPES.mark, class: `sign ${shapeOf(one)}` });
}
