// All keys, in a window over the page.

import { at, make } from "/static/js/dom.js";
import { KEYS } from "./keys.js";

export class Help {
  constructor() {
    this._window = /** @type {HTMLDialogElement} */ (at("help"));
    const close = make("button", { type: "button", class: "button small" }, "Close", make("kbd", {}, "Esc"));
    close.onclick = () => this._window.close();
    const head = make("div", { class: "help-head" }, make("h2", { id: "help-title" }, "Keys"), close);
    const groups = KEYS.map(({ title, rows }) => make("section", { "aria-label": title }, make("h3", {}, title), list(rows)));
    const more = make("p", { class: "calm" }, "What others said of a face is shown only once you have said something of it. In a video, an expression holds from its frame on until you say another; boxes move evenly between marks.");
    this._window.append(head, make("div", { class: "help-groups" }, ...groups), more);
    at("keys").onclick = () => this.open();
  }

  open() {
    if (!this._window.open) this._window.showModal();
  }
}

/** @param {import("./keys.js").Row[]} rows */
function list(rows) {
  const parts = rows.flatMap(({ told, words }) => [make("dt", {}, ...told.map((key) => make("kbd", {}, key))), make("dd", {}, words)]);
  return make("dl", {}, ...parts);
}
