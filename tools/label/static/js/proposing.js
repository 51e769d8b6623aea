// Having a detector propose boxes, and following how far it is.

import { post } from "./asking.js";

const PAUSE = 400;

export class Proposing {
  /** @param {import("./desk.js").Desk} desk */
  constructor(desk) {
    this._desk = desk;
    this.detector = "";
    this._watching = false;
  }

  get running() {
    return this._watching || this._desk.overview?.proposing.state === "running";
  }

  /** How far it is, in words; "" where nothing runs. */
  get words() {
    const { state, done, total } = this._desk.overview?.proposing ?? { state: "idle", done: 0, total: 0 };
    if (!this.running) return "";
    return state === "running" && total > 1 ? `Looking: ${done} of ${total}` : "Looking…";
  }

  /** @param {boolean} through of a video: all of it, as tracks */
  async start(through) {
    const desk = this._desk;
    if (this.running || !desk.medium) return;
    const [index, before] = [desk.index, desk.medium.faces.length];
    this._watching = true;
    desk.tell("");
    await settled(desk);
    const frame = through && desk.medium.kind === "video" ? null : desk.frame;
    const answer = await post(`/api/v1/label/media/${index}/proposals`, { detector: this.detector, frame });
    if (answer.ok) await this._watch(index, before);
    this._watching = false;
    if (answer.ok) desk.changed();
    else desk.tell(`No boxes were proposed: ${answer.why}${answer.status === 0 ? ". Is it still running?" : ""}`);
  }

  /** Until it is over. @param {number} index @param {number} before faces */
  async _watch(index, before) {
    const desk = this._desk;
    for (;;) {
      const answer = await desk.refresh();
      if (answer.ok && answer.value.proposing.state !== "running") break;
      await new Promise((go) => setTimeout(go, PAUSE));
    }
    const { state, reason } = desk.overview?.proposing ?? { state: "idle", reason: "" };
    const answer = await desk.reload(index);
    if (state === "failed") return desk.tell(`No boxes were proposed: ${reason}`);
    if (!answer.ok || index !== desk.index) return undefined;
    const found = (desk.medium?.faces.length ?? 0) - before;
    if (!desk.selected) await desk.show(desk.nextUnsaid());
    return desk.tell(found > 0 ? `${found} new ${found === 1 ? "box" : "boxes"}. U takes ${found === 1 ? "it" : "them"} back.` : "Nothing new was found. B draws a box by hand.");
  }
}

/** What is not saved yet goes first. @param {import("./desk.js").Desk} desk */
async function settled(desk) {
  while (desk.outbox.jobs.length && !desk.outbox.fault) await new Promise((go) => setTimeout(go, 20));
}
