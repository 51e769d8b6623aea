// What is saved, what is left to do, and what stands in the way.

import { at, make, say } from "/static/js/dom.js";
import { isTodo } from "./desk.js";
import { lostWords } from "./told.js";

/** @typedef {import("./desk.js").Desk} Desk */

export class Status {
  /** @param {Desk} desk */
  constructor(desk) {
    this._desk = desk;
    this._text = make("span");
    const again = make("button", { type: "button", class: "button small" }, "Try now");
    again.onclick = () => desk.outbox.run();
    at("strip").append(this._text, again);
  }

  show() {
    const { overview, outbox } = this._desk;
    const lost = lostWords(this._desk);
    at("strip").hidden = !lost;
    say(this._text, lost);
    this._saved(outbox);
    at("left").hidden = !overview?.media.length;
    say(at("left"), overview ? leftWords(overview.media) : "");
    /** @type {HTMLButtonElement} */ (at("undo")).disabled = !overview?.undo && !outbox.jobs.length;
    /** @type {HTMLButtonElement} */ (at("redo")).disabled = !overview?.redo;
  }

  /** @param {import("./outbox.js").Outbox} outbox */
  _saved({ jobs, fault }) {
    const place = at("saved");
    place.dataset.state = fault ? "fault" : jobs.length ? "saving" : "saved";
    place.hidden = !this._desk.overview?.media.length;
    const why = fault?.waits ? fault.why : `${fault?.why} (it was taken back)`;
    say(place, fault ? `Not saved: ${why}` : jobs.length ? "Saving…" : "Saved");
    place.title = this._desk.overview ? `${this._desk.overview.file}, as ${this._desk.annotator}` : "";
  }
}

/** @param {import("./desk.js").Entry[]} media */
function leftWords(media) {
  const unsaid = media.reduce((sum, one) => sum + one.unsaid, 0);
  const done = media.filter((one) => !isTodo(one) && !one.fault).length;
  const faces = unsaid ? ` · ${unsaid} ${unsaid === 1 ? "face" : "faces"} unsaid` : "";
  return `${done} of ${media.length} done${faces}`;
}
