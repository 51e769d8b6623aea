// The chosen face beside the picture: enlarged, what it shows, and what is known of it.

import { at, make, say } from "/static/js/dom.js";
import { labelHere } from "./acts.js";
import { Attributes } from "./attributes.js";
import { Closeup } from "./closeup.js";
import { markBefore, markOn } from "./marks.js";
import { hasSaid, othersAt, saidAt } from "./sayings.js";
import { TrackActs } from "./tracks.js";

/** @typedef {import("./desk.js").Desk} Desk */
/** @typedef {import("./desk.js").Placed} Placed */

const UNSURE = "unsure";

/** What can be done while no face is chosen, and where there is no box yet. */
const STEPS = [["Tab", "chooses a face"], ["drag", "draws a box"], ["D", "proposes boxes"], ["C", "all faces are marked"], ["Enter", "goes on"]];
const FIRST_STEPS = [["D", "proposes boxes"], ["drag", "draws one"], ["C", "there is no face"], ["?", "all keys"]];

export class Panel {
  /** @param {Desk} desk @param {import("./acts.js").Acts} acts */
  constructor(desk, acts) {
    this._desk = desk;
    this._acts = acts;
    this._closeup = new Closeup();
    this.attributes = new Attributes(desk, acts);
    this._tracks = new TrackActs(desk, acts);
    this._faces = make("ol", { class: "faces", "aria-label": "Faces" });
    this._title = make("h2", { id: "face-title" });
    this._place = make("p", { class: "calm" });
    this._others = make("p", { class: "others" });
    this._labels = make("div", { class: "labels", role: "group", "aria-label": "Apparent expression" });
    this._ignore = this._button("Ignore", "I", () => acts.ignore());
    this._remove = this._button("Remove", "Del", () => acts.remove());
    this._none = make("div", { class: "none" });
    this._one = make("div", { class: "one" });
    this._build();
  }

  show() {
    const { medium, faces, chosen } = this._desk;
    at("panel").hidden = !medium || !this._desk.picture;
    if (!medium) return;
    this._list(faces);
    this._one.hidden = !chosen;
    this._none.hidden = Boolean(chosen);
    if (chosen) this._show(chosen, faces.length);
    else this._without(faces);
  }

  _build() {
    const buttons = make("div", { class: "pair-of" }, this._ignore, this._remove);
    const head = make("div", { class: "face-head" }, this._title, this._place);
    this._one.append(this._closeup.root, head, this._labels, this._others, buttons, this._tracks.root, this.attributes.root);
    at("panel").append(this._faces, this._one, this._none);
  }

  /** @param {string} word @param {string} key @param {() => void} act */
  _button(word, key, act) {
    const button = make("button", { type: "button", class: "button small" }, word, make("kbd", {}, key));
    button.onclick = act;
    return button;
  }

  /** All faces of the medium as small numbers. @param {Placed[]} faces */
  _list(faces) {
    const focused = [...this._faces.children].findIndex((row) => row.contains(document.activeElement));
    this._faces.replaceChildren(...faces.map((one) => this._number(one)));
    if (focused >= 0) this._faces.querySelectorAll("button")[focused]?.focus();
    this._faces.hidden = !faces.length;
  }

  /** @param {Placed} one */
  _number({ face, number, box }) {
    const kind = face.ignore ? "ignored" : saidAt(face, this._desk.annotator, this._desk.frame) || (hasSaid(face, this._desk.annotator) ? "later" : "unsaid");
    const away = box ? "" : ", not on this frame";
    const button = make("button", { type: "button", class: `number ${kind}${box ? "" : " away"}`, "aria-label": `Face ${number}: ${kind}${away}`, title: `${kind}${away}` }, String(number));
    button.setAttribute("aria-pressed", String(face.id === this._desk.selected));
    button.onclick = () => this._desk.show(face);
    return make("li", {}, button);
  }

  /** @param {Placed} chosen @param {number} count */
  _show(chosen, count) {
    const { desk, face } = { desk: this._desk, face: chosen.face };
    const box = desk.draft?.face === face.id ? desk.draft.box : chosen.box;
    say(this._title, `Face ${chosen.number} of ${count}`);
    say(this._place, placeWords(chosen, box, desk));
    this._closeup.root.hidden = !box;
    if (box && desk.picture && desk.medium) this._closeup.show(desk.picture, box, desk.medium, `Face ${chosen.number}`);
    this._showLabels();
    this._showOthers(chosen);
    this._ignore.setAttribute("aria-pressed", String(face.ignore));
    this._tracks.show(chosen);
    this.attributes.show(face);
  }

  _showLabels() {
    const names = (this._desk.overview?.labels ?? []).filter((name) => name !== UNSURE);
    const all = [...names, UNSURE];
    if (this._labels.childElementCount !== all.length) {
      this._labels.replaceChildren(...all.map((name) => this._label(name, name === UNSURE ? 0 : names.indexOf(name) + 1)));
    }
    const here = labelHere(this._desk);
    for (const [number, name] of all.entries()) this._labels.children[number].setAttribute("aria-pressed", String(name === here));
  }

  /** @param {string} name @param {number} digit */
  _label(name, digit) {
    const swatch = make("span", { class: `swatch ${name}`, "aria-hidden": "true" });
    const button = make("button", { type: "button", class: "label" }, make("kbd", {}, String(digit)), swatch, make("span", {}, name));
    button.onclick = (event) => this._acts.say(name, event.shiftKey);
    return button;
  }

  /** @param {Placed} chosen */
  _showOthers({ face }) {
    const told = othersAt(face, this._desk.annotator, this._desk.frame);
    this._others.hidden = !told?.length;
    say(this._others, (told ?? []).map(([name, label]) => `${name}: ${label}`).join(" · "));
  }

  /** @param {Placed[]} faces */
  _without(faces) {
    const lines = faces.length ? STEPS : FIRST_STEPS;
    const list = make("dl", { class: "steps" }, ...lines.flatMap(([key, words]) => [make("dt", {}, make("kbd", {}, key)), make("dd", {}, words)]));
    this._none.replaceChildren(make("h2", {}, faces.length ? "No face is chosen" : "No box yet"), list);
  }
}

/** @param {Placed} chosen @param {import("./marks.js").Box | null} box @param {Desk} desk */
function placeWords({ face }, box, desk) {
  const video = desk.medium?.kind === "video";
  if (!box) return "not seen on this frame";
  const by = markBefore(face.marks, desk.frame)?.by;
  if (video && !markOn(face.marks, desk.frame)) return "box between marks";
  return by && by !== desk.annotator ? `box by ${by}` : "";
}
