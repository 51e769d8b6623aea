// Pictures of the server, decoded; as many are kept as fit in a bounded number of pixels.

import { picture } from "./asking.js";

const [MOST, TRIES] = [48e6, 5];

export class Pictures {
  constructor() {
    /** @type {Map<string, {asked: ReturnType<typeof picture>, pixels: number}>} */
    this._held = new Map();
  }

  /** @param {number} index @param {number} frame */
  get(index, frame) {
    const path = `/api/v1/label/media/${index}/frames/${frame}.jpg`;
    const held = this._held.get(path);
    if (held) {
      this._held.delete(path);
      this._held.set(path, held);
      return held.asked;
    }
    return this._ask(path);
  }

  /** @param {string} path */
  _ask(path) {
    const asked = patiently(path);
    const entry = { asked, pixels: 0 };
    this._held.set(path, entry);
    asked.then((answer) => {
      if (!answer.ok) return this._held.delete(path);
      entry.pixels = answer.value.width * answer.value.height;
      return this._shrink();
    });
    return asked;
  }

  /** The longest unused goes; the browser frees it once nobody shows it. */
  _shrink() {
    let pixels = [...this._held.values()].reduce((sum, one) => sum + one.pixels, 0);
    for (const [path, one] of [...this._held].slice(0, -1)) {
      if (pixels <= MOST) return;
      this._held.delete(path);
      pixels -= one.pixels;
    }
  }
}

/** A late frame of a long video takes its time; the server then asks to be asked again. @param {string} path */
async function patiently(path, tries = TRIES) {
  const answer = await picture(path);
  if (answer.ok || answer.status !== 503 || tries <= 1) return answer;
  await new Promise((go) => setTimeout(go, 2000));
  return patiently(path, tries - 1);
}
