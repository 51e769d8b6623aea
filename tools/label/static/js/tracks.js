// What can be said of a face on its way through a video.

import { make } from "/static/js/dom.js";
import { firstFrame, markOn } from "./marks.js";

export class TrackActs {
  /** @param {import("./desk.js").Desk} desk @param {import("./acts.js").Acts} acts */
  constructor(desk, acts) {
    this._desk = desk;
    this._acts = acts;
    this._gone = button("Gone here", "G", "From this frame on it is not to be seen", () => acts.gone());
    this._split = button("Split here", "S", "From this frame on it is somebody else", () => acts.split());
    this._unmark = button("Unmark", "⇧ Del", "Remove the mark of this frame", () => acts.unmark());
    this._other = make("select", { id: "same-person", "aria-label": "The same person as" });
    this._other.onchange = () => this._join();
    this.root = make("div", { class: "track-acts" }, this._gone, this._split, this._unmark, this._other);
  }

  /** @param {import("./desk.js").Placed} chosen */
  show({ face, box }) {
    const { medium, frame, faces } = this._desk;
    this.root.hidden = medium?.kind !== "video";
    if (this.root.hidden) return;
    this._gone.disabled = !box;
    this._split.disabled = frame <= firstFrame(face);
    this._unmark.disabled = face.marks.length < 2 || !markOn(face.marks, frame);
    const others = faces.filter((one) => one.face.id !== face.id);
    const wanted = ["", ...others.map((one) => one.face.id)].join(" ");
    this._other.hidden = !others.length;
    if (this._other.dataset.made === wanted) return;
    this._other.dataset.made = wanted;
    const options = others.map((one) => make("option", { value: one.face.id }, `The same person as face ${one.number}`));
    this._other.replaceChildren(make("option", { value: "" }, "Same as…"), ...options);
  }

  _join() {
    const other = this._other.value;
    this._other.value = "";
    if (other) this._acts.join(other);
  }
}

/** @param {string} word @param {string} key @param {string} title @param {() => void} act */
function button(word, key, title, act) {
  const made = make("button", { type: "button", class: "button small", title }, word, make("kbd", {}, key));
  made.onclick = act;
  return made;
}
