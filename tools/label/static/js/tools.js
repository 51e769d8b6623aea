// The row above the picture: what it is, proposing and drawing boxes, and how large it is shown.

import { at, make, say } from "/static/js/dom.js";

/** @param {string} id */
const button = (id) => /** @type {HTMLButtonElement} */ (at(id));

export class Tools {
  /** @param {import("./desk.js").Desk} desk @param {import("./view.js").View} view @param {import("./acts.js").Acts} acts */
  constructor(desk, view, acts) {
    this._desk = desk;
    this._view = view;
    this._proposing = acts.proposing;
    this._detector = /** @type {HTMLSelectElement} */ (at("detector"));
    this._detector.onchange = () => { this._proposing.detector = this._detector.value; };
    button("propose").onclick = () => acts.propose();
    button("propose-all").onclick = () => acts.propose(true);
    button("draw").onclick = () => acts.draw();
    button("complete").onclick = () => acts.complete();
    button("undo").onclick = () => acts.step("undo");
    button("redo").onclick = () => acts.step("redo");
    button("in").onclick = () => { view.zoom(1.25); desk.changed(); };
    button("out").onclick = () => { view.zoom(0.8); desk.changed(); };
    button("fit").onclick = () => { view.fit(); desk.changed(); };
  }

  show() {
    const { overview, entry, medium, picture, drawing } = this._desk;
    const ready = Boolean(medium && picture && !this._desk.trouble);
    say(at("name"), entry?.file ?? "Labels");
    at("name").title = entry?.file ?? "";
    document.title = `${entry?.file ?? overview?.title ?? "Labels"} · Groupmood labels`;
    say(at("size"), medium ? `${medium.width} × ${medium.height}` : "");
    this._detectors();
    const video = medium?.kind === "video";
    at("propose-all").hidden = !video;
    say(at("propose"), this._proposing.words || "Propose");
    button("complete").setAttribute("aria-pressed", String(Boolean(medium?.complete)));
    button("draw").setAttribute("aria-pressed", String(drawing));
    for (const id of ["draw", "complete", "in", "out", "fit"]) button(id).disabled = !ready;
    for (const id of ["propose", "propose-all"]) button(id).disabled = !ready || this._proposing.running || !this._detector.value;
    say(at("fit"), `${Math.round(100 * this._view.scale)} %`);
  }

  _detectors() {
    const { detectors = [], detector = "" } = this._desk.overview ?? {};
    if (this._detector.childElementCount === detectors.length) return;
    this._detector.replaceChildren(...detectors.map((name) => make("option", { value: name }, name)));
    this._detector.value = detectors.includes(detector) ? detector : (detectors[0] ?? "");
    this._proposing.detector = this._detector.value;
  }
}
