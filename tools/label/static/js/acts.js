// What a person does at the desk, whether by a key or by a button.

import { moved, sized } from "./boxes.js";
import { isTodo } from "./desk.js";
import { boxAt, firstFrame, markOn } from "./marks.js";
import { isUnsaid, saidAt } from "./sayings.js";

/** @typedef {import("./marks.js").Box} Box */

/** Milliseconds after the last key until a box that was moved by keys is saved, so that one undo takes all of it back. */
const REST = 500;

export class Acts {
  /** @param {import("./desk.js").Desk} desk @param {import("./view.js").View} view @param {import("./proposing.js").Proposing} proposing */
  constructor(desk, view, proposing) {
    this.desk = desk;
    this.view = view;
    this.proposing = proposing;
    this._timer = 0;
  }

  /** Say what the chosen face shows, and go to the next of which nothing was said.
   * @param {string} label @param {boolean} [fromFirst] of a video: from where the face is first seen */
  async say(label, fromFirst = false) {
    const { desk } = this;
    const face = this._face();
    if (!face) return;
    const frame = fromFirst ? firstFrame(face) : desk.frame;
    if (!boxAt(face.marks, frame)) return desk.tell("It is not to be seen on this frame. Drag a box to say where it is.");
    const first = isUnsaid(face, desk.annotator) || desk.medium?.kind === "image";
    desk.act({ do: "say", face: face.id, frame, label });
    if (!first) return undefined;
    const next = desk.nextUnsaid();
    return next ? desk.show(next) : desk.tell(this._allSaid());
  }

  /** Take back what this annotator said that holds here. */
  unsay() {
    const { desk } = this;
    const face = this._face();
    const said = face?.said.filter((one) => one.annotator === desk.annotator && one.frame <= desk.frame).at(-1);
    if (face && said) desk.act({ do: "say", face: face.id, frame: said.frame, label: null });
    else if (face) desk.tell("You said nothing of this face here.");
  }

  /** @param {number} by 1 or -1 @returns {boolean} false past the last face, where the focus goes on */
  next(by) {
    const seen = this.desk.faces.filter((one) => one.box);
    const here = seen.findIndex((one) => one.face.id === this.desk.selected);
    const next = here < 0 && by < 0 ? seen.at(-1) : seen[here + by];
    this.flush();
    if (next) this.desk.choose(next.face.id);
    return Boolean(next);
  }

  /** The next medium in which something waits. */
  async todo() {
    this.flush();
    const media = this.desk.overview?.media ?? [];
    const round = [...media.slice(this.desk.index + 1), ...media.slice(0, Math.max(0, this.desk.index))];
    const next = round.find(isTodo);
    if (next) return this.desk.go(next.index);
    const here = this.desk.entry && isTodo(this.desk.entry);
    return this.desk.tell(here ? "Nothing waits elsewhere; this one is not done yet." : "Nothing is left to do: everything is said, and all faces are marked.");
  }

  /** @param {number} by */
  async medium(by) {
    this.flush();
    const to = this.desk.index + by;
    if (this.desk.overview?.media[to]) await this.desk.go(to);
    else this.desk.tell(by > 0 ? "This is the last one." : "This is the first one.");
  }

  remove() {
    const face = this._face();
    if (face) this.desk.act({ do: "remove", face: face.id });
  }

  /** Take away the mark of this frame; the box then moves on evenly from the one before. */
  unmark() {
    const face = this._face();
    if (!face) return;
    if (face.marks.length < 2 || !markOn(face.marks, this.desk.frame)) this.desk.tell("There is no mark on this frame that could go. Delete removes the face.");
    else this.desk.act({ do: "unmark", face: face.id, frame: this.desk.frame });
  }

  ignore() {
    const face = this._face();
    if (face) this.desk.act({ do: "ignore", face: face.id, on: !face.ignore });
  }

  complete() {
    this.flush();
    const medium = this.desk.medium;
    if (medium) this.desk.act({ do: "complete", on: !medium.complete });
  }

  gone() {
    this._inVideo("gone", (face, frame) => boxAt(face.marks, frame) !== null && frame > firstFrame(face), "It is not to be seen before this frame, or not here. Delete removes the face.");
  }

  split() {
    this._inVideo("split", (face, frame) => frame > firstFrame(face), "A face can be parted only after its first frame.");
  }

  /** @param {string} other the face that is the same person */
  join(other) {
    const face = this._face();
    if (face) this.desk.act({ do: "join", face: face.id, other });
  }

  /** @param {string} name @param {string | null} value */
  attribute(name, value) {
    const face = this._face();
    if (face) this.desk.act({ do: "attribute", face: face.id, name, value });
  }

  draw() {
    this.flush();
    this.desk.drawing = !this.desk.drawing;
    this.desk.changed();
  }

  /** A box was drawn: a new face, or where the chosen one is to be seen again. @param {Box} box */
  drawn(box) {
    const { desk } = this;
    const back = desk.chosen && !desk.chosen.box ? desk.chosen.face : undefined;
    desk.drawing = false;
    if (back) desk.act({ do: "move", face: back.id, mark: { frame: desk.frame, ...box } });
    else desk.choose(desk.act({ do: "add", mark: { frame: desk.frame, ...box } }));
  }

  /** @param {string} face @param {Box} box */
  placed(face, box) {
    this.desk.draft = null;
    this.desk.act({ do: "move", face, mark: { frame: this.desk.frame, ...box } });
  }

  /** Move the box by pixels, or its lower right corner. @param {number} x @param {number} y @param {boolean} size */
  nudge(x, y, size) {
    const { desk } = this;
    const box = desk.draft?.box ?? desk.chosen?.box;
    if (!box || !desk.medium) return;
    desk.draft = { face: desk.selected, box: size ? sized(box, "se", { x: box.x2 + x, y: box.y2 + y }, desk.medium) : moved(box, { x, y }, desk.medium) };
    clearTimeout(this._timer);
    this._timer = setTimeout(() => this.flush(), REST);
    desk.changed();
  }

  /** What keys have moved is kept before anything else is done. */
  flush() {
    clearTimeout(this._timer);
    const draft = this.desk.draft;
    if (draft?.face) this.placed(draft.face, draft.box);
  }

  /** @param {"undo" | "redo"} kind */
  step(kind) {
    this.flush();
    this.desk.outbox.step(kind);
  }

  escape() {
    clearTimeout(this._timer);
    const { desk } = this;
    if (desk.draft) desk.draft = null;
    else if (desk.drawing) desk.drawing = false;
    else Object.assign(desk, { selected: "", note: "" });
    desk.changed();
  }

  /** @param {boolean} [through] of a video: all of it */
  propose(through = false) {
    this.flush();
    this.proposing.start(through);
  }

  near() {
    const box = this.desk.chosen?.box;
    if (!box) return;
    if (this.view.whole) this.view.near(box);
    else this.view.fit();
    this.desk.changed();
  }

  /** The face that is meant; where there is none it is said. */
  _face() {
    this.flush();
    const face = this.desk.chosen?.face;
    if (!face) this.desk.tell("No face is chosen. Tab goes to one, or click on its box.");
    return face;
  }

  /** @param {"gone" | "split"} what @param {(face: import("./marks.js").Face, frame: number) => boolean} may @param {string} why */
  _inVideo(what, may, why) {
    const face = this._face();
    if (!face) return;
    const { frame, medium } = this.desk;
    if (medium?.kind !== "video") this.desk.tell("That is for videos. Delete removes a face from a picture.");
    else if (!may(face, frame)) this.desk.tell(why);
    else this.desk.act({ do: what, face: face.id, frame });
  }

  _allSaid() {
    const open = this.desk.medium && !this.desk.medium.complete;
    return open ? "Something is said of every face. Are all faces marked? Then press C, and Enter for the next." : "Done. Enter goes to the next one.";
  }
}

/** The label that a face has here, by this annotator. @param {import("./desk.js").Desk} desk */
export function labelHere(desk) {
  const face = desk.chosen?.face;
  return face ? saidAt(face, desk.annotator, desk.frame) : "";
}
