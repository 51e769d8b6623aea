// A video in time: where each face is to be seen, where its marks stand, and what was said of it from when on.

import { at, draw, make, say, set } from "/static/js/dom.js";
import { cut, spans } from "./marks.js";
import { segments } from "./sayings.js";

/** @typedef {import("./desk.js").Placed} Placed */
/** @typedef {import("./marks.js").Medium} Medium */

const [ROW, BAR, SIDE] = [20, 10, 8];

export class Timeline {
  /** @param {import("./desk.js").Desk} desk @param {import("./player.js").Player} player */
  constructor(desk, player) {
    this._desk = desk;
    this._player = player;
    /** @type {unknown[]} what the rows were drawn of */
    this._drawn = [];
    this._play = this._button("Play", () => player.toggle(), "Space");
    this._words = make("output", { class: "clock" });
    this._ruler = make("div", { class: "ruler", role: "slider", tabindex: "0", "aria-label": "Frame", "aria-valuemin": "0" });
    this._head = make("div", { class: "head-line", "aria-hidden": "true" });
    this._rows = make("ol", { class: "tracks", "aria-label": "Faces through the video" });
    const back = [this._button("−1 s", () => player.second(-1), "Shift ←"), this._button("−1", () => player.step(-1), "←")];
    const on = [this._button("+1", () => player.step(1), "→"), this._button("+1 s", () => player.second(1), "Shift →")];
    const controls = make("div", { class: "controls" }, ...back, this._play, ...on, this._words);
    this._area = make("div", { class: "area" }, this._ruler, make("div", { class: "scroll" }, this._rows), this._head);
    at("time").append(controls, this._area);
    this._listen();
  }

  show() {
    const medium = this._desk.medium;
    const visible = medium?.kind === "video" && Boolean(this._desk.picture);
    at("time").hidden = !visible;
    if (!medium || !visible) return;
    const { frame, faces } = this._desk;
    say(this._play, this._player.playing ? "Stop" : "Play");
    say(this._words, clock(frame, medium));
    set(this._ruler, { "aria-valuemax": medium.frames - 1, "aria-valuenow": frame, "aria-valuetext": clock(frame, medium) });
    this._head.style.left = `${this._x(frame + 0.5, medium)}px`;
    const state = [medium, this._desk.selected, this._ruler.clientWidth];
    if (state.every((one, number) => one === this._drawn[number])) return;
    this._drawn = state;
    this._rows.replaceChildren(...faces.map((one) => this._row(one, medium)));
  }

  /** @param {string} word @param {() => void} act @param {string} key */
  _button(word, act, key) {
    const button = make("button", { type: "button", class: "button small", title: key }, word);
    button.onclick = act;
    return button;
  }

  _listen() {
    const seek = (/** @type {PointerEvent} */ event) => this._player.seek(this._frame(event));
    this._area.addEventListener("pointerdown", (event) => {
      if (event.button || /** @type {Element} */ (event.target).closest("button")) return;
      this._area.setPointerCapture(event.pointerId);
      const row = /** @type {Element} */ (event.target).closest("[data-face]");
      if (row) this._desk.choose(/** @type {HTMLElement} */ (row).dataset.face ?? "");
      seek(event);
    });
    this._area.addEventListener("pointermove", (event) => {
      if (this._area.hasPointerCapture(event.pointerId)) seek(event);
    });
    this._ruler.addEventListener("keydown", (event) => {
      if (event.key === "Home") this._player.seek(0);
      if (event.key === "End") this._player.seek((this._desk.medium?.frames ?? 1) - 1);
    });
  }

  /** @param {PointerEvent} event */
  _frame(event) {
    const place = this._ruler.getBoundingClientRect();
    const part = (event.clientX - place.left - SIDE) / Math.max(1, place.width - 2 * SIDE);
    return Math.floor(part * (this._desk.medium?.frames ?? 1));
  }

  /** @param {number} frame @param {Medium} medium pixels from the left of the area */
  _x(frame, medium) {
    return SIDE + (frame / medium.frames) * Math.max(1, this._ruler.clientWidth - 2 * SIDE);
  }

  /** @param {Placed} one @param {Medium} medium */
  _row({ face, number }, medium) {
    const svg = draw("svg", { class: "track", height: ROW, width: this._ruler.clientWidth, "aria-hidden": "true" });
    const seen = spans(face.marks, medium.frames);
    for (const span of seen) svg.append(this._bar(span, face.ignore ? "ignored" : "unsaid", medium));
    for (const said of face.ignore ? [] : segments(face, this._desk.annotator, medium.frames)) {
      for (const span of cut(seen, said)) svg.append(this._bar(span, said.label, medium));
    }
    for (const mark of face.marks) svg.append(this._mark(mark, medium));
    const row = make("li", { "data-face": face.id, class: face.id === this._desk.selected ? "chosen" : "" }, make("span", { class: "who" }, String(number)), svg);
    return row;
  }

  /** @param {{from: number, to: number}} span @param {string} kind @param {Medium} medium */
  _bar({ from, to }, kind, medium) {
    const [x, end] = [this._x(from, medium), this._x(to, medium)];
    const bar = draw("rect", { class: `bar ${kind}`, x, y: (ROW - BAR) / 2, width: Math.max(1, end - x), height: BAR, rx: 2 });
    const wide = end - x > 7.5 * kind.length + 18 && kind !== "unsaid";
    return draw("g", {}, bar, ...(wide ? [draw("text", { x: x + 14, y: ROW / 2 + 3.5, class: `bar-word ${kind}` }, kind)] : []));
  }

  /** @param {import("./marks.js").Mark} mark @param {Medium} medium */
  _mark(mark, medium) {
    const [x, y] = [this._x(mark.frame + 0.5, medium), ROW / 2];
    const shape = mark.gone ? `M${x} ${y - 7}V${y + 7}` : `M${x} ${y - 5}l5 5-5 5-5-5Z`;
    return draw("path", { class: mark.gone ? "mark gone" : "mark", d: shape });
  }
}

/** @param {number} frame @param {Medium} medium */
function clock(frame, { frames, fps }) {
  const seconds = fps ? `, ${(frame / fps).toFixed(2)} of ${(frames / fps).toFixed(2)} s` : "";
  return `frame ${frame} of ${frames - 1}${seconds}`;
}
