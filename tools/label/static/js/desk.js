// What lies on the desk: the media, the one that is open, its frame, the face that is chosen, and what is said of all
// that. Everything else on the page shows it, and changes it through here.

import { get } from "./asking.js";
import { asRead } from "./boxes.js";
import { boxAt, firstFrame } from "./marks.js";
import { Outbox } from "./outbox.js";
import { Pictures } from "./pictures.js";
import { counts, isUnsaid } from "./sayings.js";

/** @typedef {import("./marks.js").Box} Box */
/** @typedef {import("./marks.js").Face} Face */
/** @typedef {import("./marks.js").Medium} Medium */
/** @typedef {import("./asking.js").Refusal} Refusal */
/** @typedef {{face: Face, number: number, box: Box | null}} Placed ``box``: null where it is not to be seen */
/**
 * @typedef {{index: number, file: string, kind: "image" | "video", width: number, height: number, frames: number,
 *   fps: number, complete: boolean, faces: number, unsaid: number, fault: string}} Entry
 * @typedef {{state: "idle" | "running" | "failed", index: number, done: number, total: number, reason: string}} Proposing
 * @typedef {{revision: number, title: string, file: string, annotator: string, annotators: string[], labels: string[],
 *   detectors: string[], detector: string, undo: boolean, redo: boolean, media: Entry[], proposing: Proposing}} Overview
 */

export class Desk {
  /** @param {() => void} changed called after every change */
  constructor(changed) {
    this.changed = changed;
    /** @type {Overview | null} */
    this.overview = null;
    this.index = -1;
    this.frame = 0;
    this.selected = "";
    this.drawing = false;
    /** @type {{face: string, box: Box} | null} a box on its way */
    this.draft = null;
    /** @type {ImageBitmap | null} the picture of the frame */
    this.picture = null;
    /** @type {Refusal | null} why there is nothing to see */
    this.trouble = null;
    this.note = "";
    this.pictures = new Pictures();
    /** @type {Map<number, Medium>} */
    this._base = new Map();
    /** @type {{base: Medium | null, version: number, shown: Medium | null}} the last answer of ``medium`` */
    this._medium = { base: null, version: 0, shown: null };
    /** @type {Set<Promise<void>>} */
    this._moves = new Set();
    this._wanted = 0;
    this.outbox = new Outbox({
      annotator: () => this.annotator,
      base: (index) => this._base.get(index),
      reload: (index) => this.reload(index),
      took: (job, answer) => this._took(job, answer),
      named: (made, id) => this._named(made, id),
      tell: (text) => this.tell(text),
      changed,
    });
  }

  get annotator() {
    return this.overview?.annotator ?? "";
  }

  /** @type {Entry | undefined} */
  get entry() {
    return this.overview?.media[this.index];
  }

  /** The open medium with all that was done, saved or not. @returns {Medium | null} */
  get medium() {
    const base = this._base.get(this.index);
    if (!base) return null;
    const { version } = this.outbox;
    if (this._medium.base !== base || this._medium.version !== version) this._medium = { base, version, shown: this.outbox.ahead(this.index, base) };
    return this._medium.shown;
  }

  /** The faces of the medium, numbered: of a picture as one reads, of a video as they came. @returns {Placed[]} */
  get faces() {
    const medium = this.medium;
    if (!medium) return [];
    const all = medium.faces.map((face) => ({ face, box: boxAt(face.marks, this.frame) ?? null }));
    const seen = /** @type {{face: Face, box: Box}[]} */ (all.filter((one) => one.box));
    const placed = medium.kind === "image" ? [...asRead(seen), ...all.filter((one) => !one.box)] : all;
    return placed.map((one, number) => ({ ...one, number: number + 1 }));
  }

  /** @returns {Placed | undefined} */
  get chosen() {
    return this.faces.find((one) => one.face.id === this.selected);
  }

  /** Ask for everything, and open what is to be done first. @returns {Promise<boolean>} whether there is an answer */
  async open() {
    const answer = await this.refresh();
    if (!answer.ok) return false;
    const media = this.overview?.media ?? [];
    if (media.length && this.index < 0) await this.go(media.find(isTodo)?.index ?? 0);
    else if (media.length) await this.go(this.index);
    this.outbox.run();
    return true;
  }

  /** Nothing can be asked for. @param {Refusal} refusal */
  lost(refusal) {
    this.trouble = refusal;
    this.changed();
  }

  async refresh() {
    const answer = await this._newest("/api/v1/label");
    if (answer.ok) {
      this.overview = answer.value;
      if (this.index < 0) this.trouble = null;
      if (this.medium) this._count(this.index, this.medium);
    } else if (!this.overview) this.trouble = answer;
    this.changed();
    return answer;
  }

  /** The newest of everything; of other media than this one when they are opened. @param {number} index */
  async reload(index) {
    const overview = await this.refresh();
    if (!overview.ok) return overview;
    for (const known of this._base.keys()) if (known !== index && known !== this.index) this._base.delete(known);
    for (const wanted of new Set([this.index, index])) {
      const answer = wanted < 0 ? overview : await this._load(wanted);
      if (!answer.ok || wanted === index) overview.value = answer.ok ? answer.value : overview.value;
      if (!answer.ok) return answer;
    }
    this._chooseKnown();
    this.changed();
    return overview;
  }

  /** @param {number} index @param {string} [face] */
  go(index, face = "") {
    return this._move(this._go(index, face));
  }

  /** @param {number} frame whose picture is then shown */
  seek(frame) {
    return this._move(this._seek(frame));
  }

  /** Whether one is on the way to another medium or frame. */
  get moving() {
    return this._moves.size > 0;
  }

  /** Until one is where one wanted to go. */
  async arrived() {
    while (this._moves.size) await Promise.all(this._moves);
  }

  /** @param {number} index @param {string} face */
  async _go(index, face) {
    const moved = index !== this.index;
    Object.assign(this, { index, draft: null, trouble: null, drawing: false });
    if (moved) Object.assign(this, { frame: 0, _wanted: 0, picture: null, selected: face, note: "" });
    this.changed();
    const fault = this.entry?.fault;
    const answer = fault ? { ok: /** @type {const} */ (false), status: 422, why: fault } : await this._load(index);
    if (index !== this.index) return;
    if (!answer.ok) this.trouble = answer;
    else if (moved) await this._begin(face);
    else await this.seek(this.frame);
    this.changed();
  }

  /** @param {number} frame */
  async _seek(frame) {
    const [index, last] = [this.index, (this.medium?.frames ?? 1) - 1];
    this._wanted = Math.max(0, Math.min(last, frame));
    const wanted = this._wanted;
    const answer = await this.pictures.get(index, wanted);
    if (index !== this.index || wanted !== this._wanted) return;
    this.trouble = answer.ok ? null : answer;
    if (answer.ok) Object.assign(this, { frame: wanted, picture: answer.value });
    this.changed();
  }

  /** @param {number} frames on or back, from where one is going already */
  async step(frames) {
    await this.seek(this._wanted + frames);
  }

  /** @param {string} id "" for none */
  choose(id) {
    this.selected = id;
    this.draft = null;
    this.changed();
  }

  /** Choose a face, and go where it can be seen. @param {Face | undefined} face */
  async show(face) {
    if (!face) return;
    this.choose(face.id);
    if (!boxAt(face.marks, this.frame)) await this.seek(firstFrame(face));
  }

  /** The next face of which nothing was said: of those seen here first. @returns {Face | undefined} */
  nextUnsaid() {
    const faces = this.faces;
    const here = faces.findIndex((one) => one.face.id === this.selected);
    const round = [...faces.slice(here + 1), ...faces.slice(0, here + 1)];
    const waiting = round.filter((one) => isUnsaid(one.face, this.annotator));
    return (waiting.find((one) => one.box) ?? waiting[0])?.face;
  }

  /** @param {import("./edits.js").Edit} edit @returns {string} the name of a new face until it is saved */
  act(edit) {
    this.note = "";
    const made = this.outbox.add(this.index, edit);
    if (this.medium) this._count(this.index, this.medium);
    this._chooseKnown();
    this.changed();
    return made;
  }

  /** @param {string} text */
  tell(text) {
    this.note = text;
    this.changed();
  }

  /** @param {number} index */
  async _load(index) {
    const answer = await this._newest(`/api/v1/label/media/${index}`);
    if (!answer.ok) return answer;
    this._base.set(index, answer.value.medium);
    this.outbox.revision = answer.value.revision;
    this._count(index, this.outbox.ahead(index, answer.value.medium));
    return answer;
  }

  /** @param {Promise<void>} move */
  _move(move) {
    const done = move.finally(() => this._moves.delete(done));
    this._moves.add(done);
    return done;
  }

  /** An answer that no saved edit has overtaken. @param {string} path @returns {ReturnType<typeof get>} */
  async _newest(path) {
    const saves = this.outbox.saves;
    const answer = await get(path);
    return saves === this.outbox.saves ? answer : this._newest(path);
  }

  /** @param {string} face */
  async _begin(face) {
    await this.seek(0);
    this.selected = "";
    await this.show(this.medium?.faces.find((one) => one.id === face) ?? this.nextUnsaid());
  }

  /** @param {import("./outbox.js").Job} job @param {{revision: number, index?: number, medium: Medium}} answer */
  _took(job, answer) {
    const index = job.kind === "edit" ? job.index : (answer.index ?? this.index);
    this._base.set(index, answer.medium);
    this._count(index, this.outbox.ahead(index, answer.medium));
    this._chooseKnown();
    if (job.kind !== "edit") this._stepped(index, job.kind);
    else if (this.overview) Object.assign(this.overview, { undo: true, redo: false });
    this.changed();
  }

  /** @param {number} index @param {"undo" | "redo"} kind */
  async _stepped(index, kind) {
    const said = kind === "undo" ? "Undone." : "Done again.";
    this.tell(said);
    await this.refresh();
    if (index === this.index) return;
    await this.go(index);
    if (this.index === index && !this.note) this.tell(said);
  }

  /** @param {string} made @param {string} id */
  _named(made, id) {
    if (this.selected === made) this.selected = id;
    if (this.draft?.face === made) this.draft.face = id;
  }

  /** A face that is gone from the labels is no longer chosen. */
  _chooseKnown() {
    if (!this.medium?.faces.some((face) => face.id === this.selected)) this.selected = "";
  }

  /** @param {number} index @param {Medium} medium */
  _count(index, medium) {
    const entry = this.overview?.media[index];
    if (entry) Object.assign(entry, counts(medium, this.annotator));
  }
}

/** Whether something of it waits for the annotator. @param {Entry} entry */
export function isTodo(entry) {
  return !entry.fault && (entry.unsaid > 0 || !entry.complete);
}
