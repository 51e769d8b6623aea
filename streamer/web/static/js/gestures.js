// Zooming and moving by mouse, finger and key. Places are shares of the way across, 0…1.

/**
 * @typedef {object} Wishes
 * @property {() => number} width pixels across
 * @property {(factor: number, around: number) => boolean} zoom whether there was anything to zoom
 * @property {(share: number) => void} move
 * @property {(from: number, to: number) => void} choose zoom to this
 * @property {(shares: [number, number] | null) => void} choosing
 * @property {(share: number | null) => void} point
 */

/** Pixels that a click may move. */
const CLICK = 5;

/** @type {Record<string, [number, number]>} factor to zoom by, share to move by */
const KEYS = { "+": [0.5, 0], "=": [0.5, 0], "-": [2, 0], "\u2212": [2, 0], ArrowLeft: [1, -0.25], ArrowRight: [1, 0.25], PageUp: [1, -1], PageDown: [1, 1] };

export class Gestures {
  /** @param {HTMLElement} element @param {Wishes} wishes */
  constructor(element, wishes) {
    this._element = element;
    this._wishes = wishes;
    /** @type {Map<number, number>} where each finger is */
    this._down = new Map();
    /** @type {{from: number, chooses: boolean, begun: boolean} | null} */
    this._drag = null;
    this._read = 0.5;
    element.addEventListener("wheel", (event) => this._wheel(event), { passive: false });
    element.addEventListener("keydown", (event) => this._key(event));
    element.addEventListener("pointerdown", (event) => this._begin(event));
    element.addEventListener("pointermove", (event) => this._go(event));
    for (const name of /** @type {const} */ (["pointerup", "pointercancel"])) element.addEventListener(name, (event) => this._end(event));
    element.addEventListener("pointerleave", () => wishes.point(null));
    element.addEventListener("blur", () => wishes.point(null));
  }

  /** @param {MouseEvent} event */
  _share(event) {
    const left = this._element.getBoundingClientRect().left;
    return Math.max(0, Math.min(1, (event.clientX - left) / this._wishes.width()));
  }

  /** @param {WheelEvent} event */
  _wheel(event) {
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      this._wishes.move(event.deltaX / this._wishes.width());
      event.preventDefault();
    } else {
      const lines = event.deltaMode === 1 ? 33 : 1;
      const factor = Math.exp(Math.max(-1, Math.min(1, event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.003))));
      if (this._wishes.zoom(factor, this._share(event)) || event.ctrlKey) event.preventDefault();
    }
  }

  /** @param {KeyboardEvent} event */
  _key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const wanted = KEYS[event.key];
    if (!wanted) return;
    event.preventDefault();
    if (event.shiftKey && event.key.startsWith("Arrow")) {
      this._read = Math.max(0, Math.min(1, this._read + Math.sign(wanted[1]) * 0.02));
      this._wishes.point(this._read);
    } else if (wanted[1]) this._wishes.move(wanted[1]);
    else this._wishes.zoom(wanted[0], 0.5);
  }

  /** @param {PointerEvent} event */
  _begin(event) {
    if (event.button !== 0) return;
    this._down.set(event.pointerId, this._share(event));
    const chooses = event.pointerType === "mouse" && !event.shiftKey;
    this._drag = this._down.size === 1 ? { from: this._share(event), chooses, begun: false } : null;
    if (this._down.size === 2) this._element.setPointerCapture(event.pointerId);
  }

  /** @param {PointerEvent} event */
  _go(event) {
    const share = this._share(event);
    const before = this._down.get(event.pointerId);
    if (before === undefined) {
      this._read = share;
      return void this._wishes.point(share);
    }
    if (this._down.size === 2) return void this._pinch(event.pointerId, before, share);
    const drag = this._drag;
    if (!drag) return;
    if (!drag.begun && Math.abs(share - drag.from) * this._wishes.width() < CLICK) return;
    if (!drag.begun) this._element.setPointerCapture(event.pointerId);
    drag.begun = true;
    if (drag.chooses) this._wishes.choosing([Math.min(drag.from, share), Math.max(drag.from, share)]);
    else {
      this._wishes.move(before - share);
      this._down.set(event.pointerId, share);
    }
  }

  /** @param {number} finger @param {number} before @param {number} share */
  _pinch(finger, before, share) {
    const other = [...this._down].find(([id]) => id !== finger)?.[1] ?? 0.5;
    const factor = Math.max(0.02, Math.abs(before - other)) / Math.max(0.02, Math.abs(share - other));
    this._down.set(finger, share);
    this._wishes.zoom(factor, other);
  }

  /** @param {PointerEvent} event */
  _end(event) {
    const [drag, share] = [this._drag, this._share(event)];
    this._down.delete(event.pointerId);
    this._drag = null;
    this._wishes.choosing(null);
    if (event.type === "pointerup" && drag?.begun && drag.chooses) this._wishes.choose(Math.min(drag.from, share), Math.max(drag.from, share));
  }
}
