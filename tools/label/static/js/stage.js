// The picture with its boxes, as large as the window lets it be, and what a pointer does on it.

import { at, say } from "/static/js/dom.js";
import { area, drawn, handleAt, handlesOf, holds, moved, sized } from "./boxes.js";
import { emptyOf, hintOf } from "./told.js";
import { Outlines, onScreen } from "./outlines.js";

/** @typedef {import("./boxes.js").Point} Point */
/** @typedef {import("./boxes.js").Box} Box */
/**
 * @typedef {{kind: "pan", from: Point} | {kind: "draw", from: Point} | {kind: "move", from: Point, face: string, box: Box}
 *   | {kind: "size", handle: string, face: string, box: Box} | {kind: "pinch", apart: number, middle: Point}} Gesture
 */

/** Pixels of the screen: before a press is a drag; around a handle for a mouse, and for a finger. */
const [DRAG, NEAR, FINGER] = [3, 7, 18];

export class Stage {
  /** @param {import("./desk.js").Desk} desk @param {import("./view.js").View} view @param {import("./acts.js").Acts} acts */
  constructor(desk, view, acts) {
    this.desk = desk;
    this.view = view;
    this.acts = acts;
    this.root = at("stage");
    this.space = false;
    this.dragged = false;
    this._canvas = /** @type {HTMLCanvasElement} */ (at("picture"));
    this._outlines = new Outlines(/** @type {SVGElement} */ (at("boxes")), at("tags"));
    /** @type {Gesture | null} */
    this._gesture = null;
    /** @type {Map<number, Point>} */
    this._pointers = new Map();
    /** @type {Point | null} where a pointer went down, until it has moved far enough */
    this._pressed = null;
    /** @type {ImageBitmap | null} */
    this._shown = null;
    this._chosen = "";
    this._listen();
  }

  show() {
    const { desk } = this;
    const picture = desk.picture;
    if (picture && picture !== this._shown) this._paint(picture);
    if (!picture) this._shown = null;
    const told = emptyOf(desk);
    const visible = Boolean(picture) && !told;
    for (const part of [this._canvas, at("boxes"), at("tags")]) part.toggleAttribute("hidden", !visible);
    at("empty").hidden = visible;
    if (told) at("empty").replaceChildren(...told);
    this.root.setAttribute("aria-busy", String(!visible && !desk.trouble));
    this._words(visible);
    if (visible) this._place();
  }

  /** @param {boolean} visible */
  _words(visible) {
    const { desk } = this;
    const hint = visible ? hintOf(desk) : "";
    at("hint").hidden = !hint;
    say(at("hint"), hint);
    at("note").hidden = !desk.note;
    say(at("note"), desk.note);
    this.root.dataset.drawing = String(desk.drawing);
  }

  /** @param {ImageBitmap} picture */
  _paint(picture) {
    const size = this._canvas.width === picture.width && this._canvas.height === picture.height;
    if (!size) Object.assign(this._canvas, { width: picture.width, height: picture.height });
    this._canvas.getContext("2d")?.drawImage(picture, 0, 0);
    this._shown = picture;
  }

  _place() {
    const { view, desk } = this;
    const medium = desk.medium;
    if (!medium) return;
    view.take(medium, { width: this.root.clientWidth, height: this.root.clientHeight });
    if (desk.chosen?.box && desk.selected !== this._chosen) view.reveal(desk.chosen.box);
    this._chosen = desk.selected;
    const across = (view.scale * medium.width) / this._canvas.width;
    this._canvas.style.transform = `translate(${view.corner.x}px, ${view.corner.y}px) scale(${across})`;
    this._canvas.classList.toggle("coarse", view.scale > 3);
    this._outlines.show(desk, view);
  }

  _listen() {
    const { root } = this;
    root.addEventListener("pointerdown", (event) => this._down(event));
    root.addEventListener("pointermove", (event) => this._move(event));
    root.addEventListener("pointerup", (event) => this._up(event));
    root.addEventListener("pointercancel", () => this._cancel());
    root.addEventListener("wheel", (event) => this._wheel(event), { passive: false });
    new ResizeObserver(() => this.desk.changed()).observe(root);
  }

  /** @param {MouseEvent} event @returns {Point} pixels of the stage */
  _point(event) {
    const place = this.root.getBoundingClientRect();
    return { x: event.clientX - place.left - this.root.clientLeft, y: event.clientY - place.top - this.root.clientTop };
  }

  /** @param {WheelEvent} event */
  _wheel(event) {
    event.preventDefault();
    this.view.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0016)), this._point(event));
    this.desk.changed();
  }

  /** @param {PointerEvent} event */
  _down(event) {
    if (!this.desk.medium || !this._shown || event.button > 1) return;
    event.preventDefault();
    this.root.focus({ preventScroll: true });
    this.root.setPointerCapture(event.pointerId);
    const point = this._point(event);
    this._pointers.set(event.pointerId, point);
    if (this._pointers.size === 2) return this._pinch();
    this.acts.flush();
    this._pressed = point;
    this._gesture = this._begin(event, point);
    return this.desk.changed();
  }

  /** What a press begins. @param {PointerEvent} event @param {Point} point @returns {Gesture} */
  _begin(event, point) {
    const { desk } = this;
    const from = this.view.toPicture(point);
    if (this.space || event.button === 1) return { kind: "pan", from: point };
    if (desk.drawing) return { kind: "draw", from };
    const chosen = desk.chosen;
    const handle = chosen?.box && this._handle(chosen.box, point, event.pointerType === "mouse" ? NEAR : FINGER);
    if (chosen?.box && handle) return { kind: "size", handle, face: chosen.face.id, box: chosen.box };
    const hit = this._hit(from);
    if (!hit) return { kind: "draw", from };
    desk.choose(hit.face.id);
    return { kind: "move", from, face: hit.face.id, box: hit.box };
  }

  /** @param {Box} box @param {Point} point @param {number} near */
  _handle(box, point, near) {
    const shown = onScreen(box, this.view);
    const apart = (/** @type {string} */ handle) => {
      const place = handleAt(shown, handle);
      return Math.hypot(place.x - point.x, place.y - point.y);
    };
    const closest = handlesOf(shown).reduce((best, one) => (apart(one) < apart(best) ? one : best));
    return apart(closest) <= near ? closest : "";
  }

  /** The chosen box where it is there, else the smallest. @param {Point} point */
  _hit(point) {
    const margin = 2 / this.view.scale;
    const found = this.desk.faces.filter((one) => one.box && holds(one.box, point, margin));
    const hits = /** @type {{face: import("./marks.js").Face, box: Box}[]} */ (found);
    return hits.find((one) => one.face.id === this.desk.selected) ?? hits.sort((a, b) => area(a.box) - area(b.box))[0];
  }

  /** @param {PointerEvent} event */
  _move(event) {
    const point = this._point(event);
    if (this._pointers.has(event.pointerId)) this._pointers.set(event.pointerId, point);
    if (!this._gesture) return this._cursor(point, event.pointerType);
    if (this._gesture.kind === "pinch") return this._pinched(this._gesture);
    if (this._pressed && Math.hypot(point.x - this._pressed.x, point.y - this._pressed.y) < DRAG) return undefined;
    this._pressed = null;
    this._drag(this._gesture, point);
    return this.desk.changed();
  }

  /** @param {Gesture} gesture @param {Point} point */
  _drag(gesture, point) {
    const { desk, view } = this;
    const [to, medium] = [view.toPicture(point), desk.medium];
    if (!medium) return;
    if (gesture.kind === "pan") {
      view.pan(point.x - gesture.from.x, point.y - gesture.from.y);
      gesture.from = point;
      this.dragged = true;
    } else if (gesture.kind === "draw") {
      const box = drawn(gesture.from, to, medium);
      desk.draft = box && { face: "", box };
    } else if (gesture.kind === "move") {
      desk.draft = { face: gesture.face, box: moved(gesture.box, { x: to.x - gesture.from.x, y: to.y - gesture.from.y }, medium) };
    } else if (gesture.kind === "size") {
      desk.draft = { face: gesture.face, box: sized(gesture.box, gesture.handle, to, medium) };
    }
  }

  /** @param {PointerEvent} event */
  _up(event) {
    this._pointers.delete(event.pointerId);
    const { desk } = this;
    const [gesture, draft] = [this._gesture, desk.draft];
    if (gesture?.kind === "pinch" && this._pointers.size) return;
    this._gesture = null;
    if (draft && gesture?.kind === "draw") {
      desk.draft = null;
      this.acts.drawn(draft.box);
    } else if (draft?.face && (gesture?.kind === "move" || gesture?.kind === "size")) {
      this.acts.placed(draft.face, draft.box);
    } else if (gesture?.kind === "draw" && this._pressed && !desk.drawing) {
      desk.choose("");
    }
    this._pressed = null;
    desk.changed();
  }

  /** Whatever was begun is given up. */
  _cancel() {
    this._pointers.clear();
    this._gesture = null;
    this._pressed = null;
    this.desk.draft = null;
    this.desk.changed();
  }

  /** @returns {boolean} whether there was something to give up */
  giveUp() {
    const begun = this._gesture !== null;
    if (begun) this._cancel();
    return begun;
  }

  _pinch() {
    const [one, other] = [...this._pointers.values()];
    this.desk.draft = null;
    this._gesture = { kind: "pinch", apart: Math.hypot(one.x - other.x, one.y - other.y), middle: between(one, other) };
  }

  /** @param {{kind: "pinch", apart: number, middle: Point}} gesture */
  _pinched(gesture) {
    const [one, other] = [...this._pointers.values()];
    if (!other) return;
    const [apart, middle] = [Math.hypot(one.x - other.x, one.y - other.y), between(one, other)];
    this.view.pan(middle.x - gesture.middle.x, middle.y - gesture.middle.y);
    this.view.zoom(apart / Math.max(1, gesture.apart), middle);
    Object.assign(gesture, { apart, middle });
    this.desk.changed();
  }

  /** @param {Point} point @param {string} pointer */
  _cursor(point, pointer) {
    const { desk } = this;
    if (pointer !== "mouse" || !this._shown) return;
    const box = desk.chosen?.box;
    const handle = box && !desk.drawing ? this._handle(box, point, NEAR) : "";
    const over = handle || (!desk.drawing && this._hit(this.view.toPicture(point)) ? "box" : "free");
    this.root.dataset.cursor = this.space ? "pan" : over;
  }
}

/** @param {Point} one @param {Point} other @returns {Point} */
function between(one, other) {
  return { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 };
}
