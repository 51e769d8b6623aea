// The list of pictures and videos, each with its state: a shape, a word, and how many faces are unsaid.

import { at, draw, make } from "/static/js/dom.js";
import { isTodo } from "./desk.js";
import { same } from "./edits.js";

/** @typedef {import("./desk.js").Entry} Entry */

const SHAPES = {
  todo: "M8 3a5 5 0 1 1 0 10A5 5 0 0 1 8 3Zm0 1.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7Z",
  done: "M6.4 12.2 2.6 8.4 4 7l2.4 2.4L12 3.8l1.4 1.4Z",
  fault: "M8 2l6.5 11.5h-13ZM7.2 6v4h1.6V6Zm0 5v1.4h1.6V11Z",
};

export class MediaList {
  /** @param {import("./desk.js").Desk} desk @param {import("./acts.js").Acts} acts */
  constructor(desk, acts) {
    this._desk = desk;
    this._acts = acts;
    /** @type {{row: HTMLElement, entry: Entry | null, here: boolean}[]} */
    this._rows = [];
  }

  show() {
    const media = this._desk.overview?.media ?? [];
    at("media").hidden = !media.length;
    while (this._rows.length < media.length) this._add();
    while (this._rows.length > media.length) this._rows.pop()?.row.remove();
    for (const [index, entry] of media.entries()) this._update(this._rows[index], entry, index === this._desk.index);
  }

  _add() {
    const row = make("li");
    at("list").append(row);
    this._rows.push({ row, entry: null, here: false });
  }

  /** @param {{row: HTMLElement, entry: Entry | null, here: boolean}} known @param {Entry} entry @param {boolean} here */
  _update(known, entry, here) {
    if (known.here === here && same(known.entry, entry)) return;
    const focused = known.row.contains(document.activeElement);
    const arrived = here && !known.here;
    Object.assign(known, { entry: { ...entry }, here });
    const state = entry.fault ? "fault" : isTodo(entry) ? "todo" : "done";
    const shape = draw("svg", { viewBox: "0 0 16 16", class: `shape ${state}`, "aria-hidden": "true" }, draw("path", { d: SHAPES[state], "fill-rule": "evenodd" }));
    const [folder, name] = parts(entry.file);
    const file = make("span", { class: "file" }, ...(folder ? [make("span", { class: "folder" }, folder)] : []), name);
    const button = make("button", { type: "button", title: entry.file }, shape, file, make("span", { class: "state-words" }, wordsOf(entry)));
    if (here) button.setAttribute("aria-current", "true");
    button.onclick = () => { this._acts.flush(); this._desk.go(entry.index); };
    known.row.replaceChildren(button);
    if (focused) button.focus();
    if (arrived) known.row.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
}

/** @param {string} file @returns {[string, string]} its folder with the slash, and its name */
function parts(file) {
  const cut = file.lastIndexOf("/") + 1;
  return [file.slice(0, cut), file.slice(cut)];
}

/** @param {Entry} entry */
function wordsOf(entry) {
  if (entry.fault) return "cannot be used";
  const kind = entry.kind === "video" ? "video, " : "";
  if (entry.unsaid) return `${kind}${entry.unsaid} unsaid`;
  if (entry.complete) return entry.faces ? `${kind}done` : `${kind}done, no face`;
  return entry.faces ? `${kind}all marked?` : `${kind}no boxes yet`;
}
