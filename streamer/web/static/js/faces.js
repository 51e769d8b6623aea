// What is said of oneself, drawn over one's own video in the browser.

/** @typedef {import("./events.js").SelfEvent} SelfEvent */
/** @typedef {import("./events.js").Face} Face */

/** Milliseconds after which a result is no longer drawn. */
const STALE = 1000;

/** Okabe–Ito, always with the word beside it. @type {Record<string, string>} */
const COLOURS = {
  neutral: "#999999",
  happiness: "#f0e442",
  surprise: "#e69f00",
  sadness: "#0072b2",
  anger: "#d55e00",
  fear: "#cc79a7",
  disgust: "#009e73",
  contempt: "#56b4e9",
};
const GREY = "#bbbbbb";

export class Faces {
  /**
   * @param {HTMLCanvasElement} canvas lies over the video, as large as it
   * @param {boolean} mirrored as the video is
   */
  constructor(canvas, mirrored) {
    this._canvas = canvas;
    this._mirrored = mirrored;
    this._timer = 0;
  }

  /** @param {SelfEvent} event */
  show(event) {
    clearTimeout(this._timer);
    this._timer = setTimeout(() => this._draw([]), STALE);
    this._draw(event.faces);
  }

  clear() {
    clearTimeout(this._timer);
    this._draw([]);
  }

  /** @param {Face[]} faces */
  _draw(faces) {
    const { clientWidth: width, clientHeight: height } = this._canvas;
    const ratio = devicePixelRatio || 1;
    this._canvas.width = Math.round(width * ratio);
    this._canvas.height = Math.round(height * ratio);
    const pen = this._canvas.getContext("2d");
    if (!pen) return;
    pen.scale(ratio, ratio);
    for (const face of faces) this._face(pen, face, width, height);
  }

  /**
   * @param {CanvasRenderingContext2D} pen
   * @param {Face} face
   * @param {number} width
   * @param {number} height
   */
  _face(pen, face, width, height) {
    const [x1, y1, x2, y2] = face.box;
    const left = width * (this._mirrored ? 1 - x2 : x1);
    const [top, wide, high] = [height * y1, width * (x2 - x1), height * (y2 - y1)];
    const unsure = face.label === "unsure";
    const colour = unsure ? GREY : (COLOURS[face.label] ?? GREY);
    pen.lineWidth = 2;
    pen.strokeStyle = colour;
    pen.setLineDash(face.seen ? [] : [6, 5]);
    pen.beginPath();
    pen.roundRect(left, top, wide, high, 8);
    pen.stroke();
    plate(pen, face, colour, [left + wide / 2, top], height);
  }
}

/**
 * The word and its confidence, above the box or else inside it.
 * @param {CanvasRenderingContext2D} pen
 * @param {Face} face
 * @param {string} colour
 * @param {[number, number]} middle of the box's upper edge
 * @param {number} height of the picture
 */
function plate(pen, face, colour, [x, y], height) {
  const size = Math.max(13, Math.min(40, 0.03 * height));
  pen.font = `600 ${size}px system-ui, sans-serif`;
  const unsure = face.label === "unsure";
  const [bar, pad] = [unsure ? 0 : 3 * size, 0.5 * size];
  const text = pen.measureText(face.label).width;
  const [wide, high] = [text + bar + pad * (bar ? 3 : 2), 1.7 * size];
  const left = Math.max(2, x - wide / 2);
  const top = y - high - 4 < 0 ? y + 4 : y - high - 4;
  pen.setLineDash([]);
  pen.fillStyle = "rgb(0 0 0 / 60%)";
  pen.beginPath();
  pen.roundRect(left, top, wide, high, 0.4 * size);
  pen.fill();
  pen.fillStyle = unsure ? "#e9e9e9" : "#ffffff";
  pen.textBaseline = "middle";
  pen.fillText(face.label, left + pad, top + high / 2);
  if (!bar) return;
  const from = left + 2 * pad + text;
  pen.fillStyle = "rgb(255 255 255 / 30%)";
  pen.fillRect(from, top + high / 2 - 2, bar, 4);
  pen.fillStyle = colour;
  pen.fillRect(from, top + high / 2 - 2, bar * Math.min(1, Math.max(0, face.confidence)), 4);
}
