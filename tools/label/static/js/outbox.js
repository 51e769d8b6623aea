// What was done and is not saved yet, one after the other. Nothing leaves it unsaid: it is saved, refused with a reason
// that is shown, or waits until the server answers.

import { post } from "./asking.js";
import { edited, holding, isDone, stillMeant, wordsOf } from "./edits.js";
import { sentence } from "./told.js";

/** @typedef {import("./edits.js").Edit} Edit */
/** @typedef {import("./marks.js").Medium} Medium */
/** @typedef {{kind: "edit", index: number, edit: Edit, made: string, tries: number}} EditJob */
/** @typedef {{kind: "undo" | "redo"}} StepJob */
/** @typedef {EditJob | StepJob} Job */
/**
 * @typedef {object} Hooks
 * @property {() => string} annotator
 * @property {(index: number) => Medium | undefined} base the newest labels known, without what waits here
 * @property {(index: number) => Promise<import("./asking.js").Answer | import("./asking.js").Refusal>} reload
 * @property {(job: Job, answer: {revision: number, index?: number, medium: Medium}) => void} took
 * @property {(made: string, id: string) => void} named a new face has the server's name now
 * @property {(text: string) => void} tell
 * @property {() => void} changed
 */

/** Seconds until the server is asked again. */
const PAUSES = [1, 2, 4, 8];

export class Outbox {
  /** @param {Hooks} hooks */
  constructor(hooks) {
    this._hooks = hooks;
    /** @type {Job[]} */
    this.jobs = [];
    this.revision = 0;
    /** Rises whenever what waits is other than before. */
    this.version = 0;
    this.saves = 0;
    /** @type {{status: number, why: string, waits: boolean} | null} why something is not saved */
    this.fault = null;
    this._busy = false;
    this._made = 0;
    this._failures = 0;
    this._timer = 0;
  }

  /** @param {number} index @param {Edit} edit @returns {string} the name that a new face has until it is saved */
  add(index, edit) {
    const made = edit.do === "add" ? `~${++this._made}` : "";
    this._push({ kind: "edit", index, edit, made, tries: 0 });
    return made;
  }

  /** @param {"undo" | "redo"} kind */
  step(kind) {
    this._push({ kind });
  }

  /** The labels of a medium with all that waits here. @param {number} index @param {Medium} medium */
  ahead(index, medium) {
    const add = (/** @type {Medium} */ so, /** @type {Job} */ job) =>
      job.kind === "edit" && job.index === index ? edited(so, job.edit, this._hooks.annotator(), job.made) : so;
    return this.jobs.reduce(add, medium);
  }

  /** Try at once what waits. */
  async run() {
    if (this._busy) return;
    clearTimeout(this._timer);
    this._busy = true;
    while (this.jobs.length && (await this._first(this.jobs[0])));
    this._busy = false;
    this._hooks.changed();
  }

  /** @param {Job} job */
  _push(job) {
    this.jobs.push(job);
    this.version += 1;
    this._hooks.changed();
    this.run();
  }

  /** @param {Job} job @returns {Promise<boolean>} whether the next one may be tried */
  async _first(job) {
    const path = job.kind === "edit" ? `/api/v1/label/media/${job.index}/edits` : `/api/v1/label/${job.kind}`;
    const body = job.kind === "edit" ? { revision: this.revision, edit: job.edit } : { revision: this.revision };
    const answer = await post(path, body);
    if (answer.ok) return this._saved(job, answer.value);
    if (answer.status === 409) return this._conflict(job, answer.why);
    if ([0, 401, 403].includes(answer.status) || answer.status >= 500) return this._wait(answer);
    this._drop(job);
    this.fault = { ...answer, waits: false };
    this._hooks.changed();
    return true;
  }

  /** @param {Job} job @param {any} value */
  _saved(job, value) {
    this.jobs.shift();
    this.version += 1;
    this.saves += 1;
    if (job.kind === "edit" && job.made) this._name(job, this._newest(job, value.medium));
    this.revision = value.revision;
    this.fault = null;
    this._failures = 0;
    this._hooks.took(job, value);
    return true;
  }

  /** @param {EditJob} job @param {Medium} medium */
  _newest(job, medium) {
    const known = new Set(this._hooks.base(job.index)?.faces.map((face) => face.id));
    return medium.faces.find((face) => !known.has(face.id))?.id;
  }

  /** What waits for a face without a name learns it. @param {EditJob} job @param {string | undefined} id */
  _name(job, id) {
    if (!id) return;
    for (const other of this.jobs) {
      if (other.kind !== "edit" || other.index !== job.index) continue;
      if (other.edit.face === job.made) other.edit.face = id;
      if (other.edit.other === job.made) other.edit.other = id;
    }
    this._hooks.named(job.made, id);
  }

  /** @param {import("./asking.js").Refusal} refusal */
  _wait(refusal) {
    this.fault = { status: refusal.status, why: refusal.why, waits: true };
    const seconds = PAUSES[Math.min(this._failures++, PAUSES.length - 1)];
    if (refusal.status !== 401 && refusal.status !== 403) this._timer = setTimeout(() => this.run(), 1000 * seconds);
    return false;
  }

  /** Somebody else was faster: see the newest, and do again what can be done as it was meant.
   * @param {Job} job @param {string} why */
  async _conflict(job, why) {
    const index = job.kind === "edit" ? job.index : -1;
    const old = this._hooks.base(index);
    const now = await this._hooks.reload(index);
    if (!now.ok && now.status !== 404) return this._wait(now);
    Object.assign(this, { fault: null, _failures: 0 });
    if (job.kind !== "edit" || !now.ok || !old || ++job.tries > 3) {
      this._drop(job);
      if (job.kind === "edit") this.fault = { status: 409, why, waits: false };
      this._hooks.tell(sentence(why));
      return true;
    }
    this._again(index, old, now.value.medium);
    return true;
  }

  /** @param {number} index @param {Medium} old @param {Medium} now */
  _again(index, old, now) {
    const annotator = this._hooks.annotator();
    const about = this.jobs.filter((job) => job.kind === "edit" && job.index === index);
    /** @type {string[]} */
    const lost = [];
    for (const job of /** @type {EditJob[]} */ (about)) {
      const done = isDone(now, job.edit, annotator);
      if (isNew(job.edit) || (!done && stillMeant(old, now, job.edit))) continue;
      const id = job.made && holding(now, job.edit)?.id;
      if (!done) lost.push(wordsOf(job.edit));
      else old = edited(old, job.edit, annotator, id);
      if (id) this._name(job, id);
      this._drop(job);
    }
    const redone = this.jobs.length ? " What you did since was done again on them." : "";
    const not = lost.length ? ` Not done: ${lost.join(", ")}. Look, and do it again where it still holds.` : redone;
    this._hooks.tell(`The labels were changed elsewhere, and the newest are shown.${not}`);
  }

  /** @param {Job} job and what was done to the face that it would have made */
  _drop(job) {
    const made = job.kind === "edit" ? job.made : "";
    const belongs = (/** @type {Job} */ one) => made && one.kind === "edit" && [one.edit.face, one.edit.other].includes(made);
    this.jobs = this.jobs.filter((one) => one !== job && !belongs(one));
    this.version += 1;
  }
}

/** About a face that the server does not know yet. @param {Edit} edit */
function isNew(edit) {
  return [edit.face, edit.other].some((id) => id?.startsWith("~"));
}
