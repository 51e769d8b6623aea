// The chosen face, enlarged from the same picture, so that a small one can be judged.

import { make, say } from "/static/js/dom.js";

/** @typedef {import("./marks.js").Box} Box */

/** So much of the picture around the box, of its longer side; and so many times its size at most, where it is small. */
const [AROUND, MOST] = [0.12, 8];

export class Closeup {
  constructor() {
    this.canvas = make("canvas", { class: "closeup", role: "img" });
    this._size = make("p", { class: "times wide" });
    this._times = make("p", { class: "times factor" });
    this.root = make("div", { class: "figure" }, this.canvas, this._size, this._times);
  }

  /** @param {ImageBitmap} picture @param {Box} box @param {{width: number, height: number}} medium @param {string} name */
  show(picture, box, medium, name) {
    const dense = window.devicePixelRatio || 1;
    const size = { width: this.canvas.clientWidth || 240, height: this.canvas.clientHeight || 200 };
    Object.assign(this.canvas, { width: Math.round(size.width * dense), height: Math.round(size.height * dense) });
    const place = cropOf(box, size);
    const [across, down] = [picture.width / medium.width, picture.height / medium.height];
    const context = this.canvas.getContext("2d");
    if (!context) return;
    context.imageSmoothingQuality = "high";
    const { x, y, width, height } = place;
    context.drawImage(picture, x * across, y * down, width * across, height * down, 0, 0, this.canvas.width, this.canvas.height);
    this.canvas.setAttribute("aria-label", `${name}, enlarged`);
    say(this._size, `${Math.round(box.x2 - box.x1)} × ${Math.round(box.y2 - box.y1)} px`);
    say(this._times, `${place.times < 1 ? "shown" : "enlarged"} ${place.times.toFixed(1)} ×`);
  }
}

/** The part of the picture, of the canvas's own shape. @param {Box} box @param {{width: number, height: number}} size */
function cropOf(box, size) {
  const around = AROUND * Math.max(box.x2 - box.x1, box.y2 - box.y1);
  const fits = Math.min(size.width / (box.x2 - box.x1 + 2 * around), size.height / (box.y2 - box.y1 + 2 * around));
  const times = Math.min(fits, MOST);
  const [width, height] = [size.width / times, size.height / times];
  return { x: (box.x1 + box.x2 - width) / 2, y: (box.y1 + box.y2 - height) / 2, width, height, times };
}
