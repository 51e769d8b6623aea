// The buttons, gestures and choices by which the past is moved through.

import { SIGNS } from "./course.js";
import { at, make } from "./dom.js";
import { Gestures } from "./gestures.js";
import { site } from "./site.js";
import { PRESETS } from "./span.js";

/**
 * @typedef {object} Shown what can be moved through
 * @property {(seconds: number) => void} choosePreset
 * @property {(share: number) => void} move
 * @property {(factor: number, around?: number) => boolean} zoom
 * @property {(from: number, to: number) => void} choose
 * @property {(share: number | null) => void} point
 * @property {(measure: import("./course.js").Measure) => void} measure
 */

/**
 * @param {Shown} shown
 * @param {import("./plot.js").Plot} plot
 */
export function controlsFor(shown, plot) {
  for (const [words, seconds] of PRESETS) {
    const button = make("button", { type: "button", "aria-pressed": "false" }, words);
    button.dataset.seconds = String(seconds);
    button.onclick = () => shown.choosePreset(seconds);
    at("presets").append(button);
  }
  at("earlier").onclick = () => shown.move(-0.5);
  at("later").onclick = () => shown.move(0.5);
  at("closer").onclick = () => shown.zoom(0.5);
  at("wider").onclick = () => shown.zoom(2);
  new Gestures(at("plot"), {
    width: () => plot.width,
    zoom: (factor, around) => shown.zoom(factor, around),
    move: (share) => shown.move(share),
    choose: (from, to) => shown.choose(from, to),
    choosing: (shares) => plot.choose(shares),
    point: (share) => shown.point(share),
  });
  if (site.signs) choices(shown);
}

/** Of the signs, where no emotion is inferred. @param {Shown} shown */
function choices(shown) {
  at("measure-field").hidden = false;
  at("compare-part").hidden = true;
  const measure = /** @type {HTMLSelectElement} */ (at("measure"));
  measure.append(...SIGNS.map((one) => make("option", {}, one.word)));
  measure.onchange = () => shown.measure(SIGNS[measure.selectedIndex]);
}

/** @param {number | null} seconds the preset that is shown */
export function pressPreset(seconds) {
  for (const button of /** @type {Iterable<HTMLElement>} */ (/** @type {unknown} */ (at("presets").children))) {
    button.setAttribute("aria-pressed", String(seconds !== null && Number(button.dataset.seconds) === seconds));
  }
}
