// The states of a camera: a word, a shape and a colour for each, and small chips of them.

import { draw, make, say } from "./dom.js";
import { span } from "./words.js";

/** @typedef {import("./events.js").CameraEvent} CameraEvent */

/** @type {Record<string, {word: string, shape: string, tone: string}>} */
const STATES = {
  starting: { word: "starting", shape: "M8 3a5 5 0 1 1 0 10A5 5 0 0 1 8 3Zm0 2a3 3 0 1 0 0 6 3 3 0 0 0 0-6Z", tone: "soft" },
  online: { word: "online", shape: "M8 3a5 5 0 1 1 0 10A5 5 0 0 1 8 3Z", tone: "good" },
  stalled: { word: "stalled", shape: "M4 3h3v10H4ZM9 3h3v10H9Z", tone: "amber" },
  reconnecting: { word: "reconnecting", shape: "M8 2l6 11H2Z", tone: "amber" },
  failed: { word: "failed", shape: "M4 2.6 8 6.6 12 2.6 13.4 4 9.4 8l4 4-1.4 1.4-4-4-4 4L2.6 12l4-4-4-4Z", tone: "bad" },
  stopped: { word: "stopped", shape: "M3 3h10v10H3Z", tone: "soft" },
};

const UNKNOWN = { word: "unknown", shape: "M3 7h10v2H3Z", tone: "soft" };

/** @param {string} state */
export function mark(state) {
  const { word, shape, tone } = STATES[state] ?? UNKNOWN;
  const svg = draw("svg", { viewBox: "0 0 16 16", class: `shape ${tone}`, "aria-hidden": "true" }, draw("path", { d: shape, "fill-rule": "evenodd" }));
  return make("span", { class: `state ${tone}` }, svg, make("span", {}, word));
}

/** @param {string} state */
export function isFault(state) {
  return ["stalled", "reconnecting", "failed"].includes(state);
}

export class Chips {
  /** @param {Element} root */
  constructor(root) {
    this._root = root;
    /** @type {Map<string, {chip: HTMLElement, state: string}>} */
    this._chips = new Map();
  }

  /** @param {CameraEvent} camera */
  show(camera) {
    const known = this._chips.get(camera.source);
    if (known?.state === camera.state) return;
    const link = make("a", { href: "/cameras", class: "chip" }, make("span", { class: "name" }, camera.source), mark(camera.state));
    if (camera.reason) link.title = [camera.reason, camera.fix].filter(Boolean).join(" ");
    const chip = make("li", {}, link);
    if (known) known.chip.replaceWith(chip);
    else this._root.append(chip);
    this._chips.set(camera.source, { chip, state: camera.state });
  }
}

/**
 * "for 12 s"
 * @param {HTMLElement} element
 * @param {number} seconds
 */
export function sayFor(element, seconds) {
  say(element, `for ${span(Math.max(0, Math.floor(seconds) || 0)).replace(".0", "")}`);
}
