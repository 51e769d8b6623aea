// How the picture lies in the window: pixels of the screen for each of the picture's, and where its corner is.

import { clamped } from "./boxes.js";

/** @typedef {import("./boxes.js").Point} Point */
/** @typedef {import("./boxes.js").Size} Size */

const [LEAST, MOST, BORDER] = [0.02, 40, 16];

export class View {
  constructor() {
    this.scale = 1;
    /** @type {Point} */
    this.corner = { x: 0, y: 0 };
    /** @type {Size} */
    this.window = { width: 1, height: 1 };
    /** @type {Size} */
    this.picture = { width: 1, height: 1 };
    this.whole = true;
  }

  /** @param {Size} picture @param {Size} window */
  take(picture, window) {
    const known = this.picture.width === picture.width && this.picture.height === picture.height;
    this.picture = { width: picture.width, height: picture.height };
    this.window = window;
    if (this.whole || !known) this.fit();
    else this._keep();
  }

  /** The whole picture, as large as the window lets it be. */
  fit() {
    const across = (this.window.width - 2 * BORDER) / this.picture.width;
    const down = (this.window.height - 2 * BORDER) / this.picture.height;
    this.scale = clamped(Math.min(across, down, 4), LEAST, MOST);
    this.whole = true;
    this._keep();
  }

  /** @param {number} factor @param {Point} [about] the point of the screen that stays where it is */
  zoom(factor, about = { x: this.window.width / 2, y: this.window.height / 2 }) {
    const fixed = this.toPicture(about);
    this.scale = clamped(this.scale * factor, LEAST, MOST);
    this.corner = { x: about.x - fixed.x * this.scale, y: about.y - fixed.y * this.scale };
    this.whole = false;
    this._keep();
  }

  /** @param {number} x @param {number} y pixels of the screen */
  pan(x, y) {
    this.corner = { x: this.corner.x + x, y: this.corner.y + y };
    this.whole = false;
    this._keep();
  }

  /** Large enough to judge it, and in the middle. @param {import("./marks.js").Box} box */
  near(box) {
    const side = Math.max(box.x2 - box.x1, box.y2 - box.y1);
    this.scale = clamped(Math.min(this.window.width, this.window.height) / (2 * side), LEAST, MOST);
    this._middle(box);
  }

  /** Panned as far as a box needs to be seen. @param {import("./marks.js").Box} box */
  reveal(box) {
    const from = this.toScreen({ x: box.x1, y: box.y1 });
    const to = this.toScreen({ x: box.x2, y: box.y2 });
    const seen = from.x >= 0 && from.y >= 0 && to.x <= this.window.width && to.y <= this.window.height;
    if (!this.whole && !seen) this._middle(box);
  }

  /** @param {Point} point @returns {Point} */
  toPicture({ x, y }) {
    return { x: (x - this.corner.x) / this.scale, y: (y - this.corner.y) / this.scale };
  }

  /** @param {Point} point @returns {Point} */
  toScreen({ x, y }) {
    return { x: this.corner.x + x * this.scale, y: this.corner.y + y * this.scale };
  }

  /** @param {import("./marks.js").Box} box */
  _middle(box) {
    const [x, y] = [(box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2];
    this.corner = { x: this.window.width / 2 - x * this.scale, y: this.window.height / 2 - y * this.scale };
    this.whole = false;
    this._keep();
  }

  /** A picture smaller than the window lies in its middle; of a larger one no edge leaves the window's. */
  _keep() {
    const { x, y } = this.corner;
    this.corner = {
      x: kept(x, this.picture.width * this.scale, this.window.width),
      y: kept(y, this.picture.height * this.scale, this.window.height),
    };
  }
}

/** @param {number} corner @param {number} length @param {number} window */
function kept(corner, length, window) {
  if (length <= window - 2 * BORDER) return (window - length) / 2;
  return clamped(corner, window - length - BORDER, BORDER);
}
