// "14:32 the room lifted for 40 s, +0.35"

import { make, say } from "./dom.js";
import { clock, momentWords } from "./words.js";

/** @typedef {import("./events.js").Moment} Moment */

export class Moments {
  /**
   * @param {HTMLElement} list
   * @param {HTMLElement} empty
   */
  constructor(list, empty) {
    this._list = list;
    this._empty = empty;
  }

  /**
   * @param {Moment[]} moments the newest first
   * @param {number} now the server's time in seconds; with it the label's time of day is reckoned
   * @param {boolean} told whether moments are told of this room at all
   */
  show(moments, now, told) {
    this._empty.hidden = moments.length > 0;
    say(this._empty, told ? "None in the last five minutes." : "Not told of this room now.");
    while (this._list.children.length > moments.length) this._list.lastChild?.remove();
    moments.forEach((moment, index) => {
      const time = clock(new Date(Date.now() - 1000 * (now - moment.start)));
      const row = this._list.children[index] ?? this._list.appendChild(rowOf());
      say(row.children[0], time);
      say(row.children[1], momentWords(moment));
      row.classList.toggle("down", moment.change < 0);
    });
  }
}

function rowOf() {
  return make("li", {}, make("time"), make("span"));
}
