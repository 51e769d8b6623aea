// When the room changed in the span that is shown, what it did after each mark, and who moved before whom: asked for once
// the span rests, since it takes the server longer than the span itself.

import { getJson } from "./api.js";
import { at, make, say } from "./dom.js";
import { asked } from "./span.js";
import { afterWords, asOccurrences, followingWords } from "./told-changes.js";

/** @typedef {import("./course.js").Occurrence} Occurrence */
/** @typedef {import("./span.js").Span} Span */
/** @typedef {import("./told-changes.js").Following} Following */

/** Milliseconds without a new span before it is asked. */
const REST = 500;

/** Milliseconds for an answer, which the server may have to wait for itself. */
const PATIENCE = 28_000;

/** Share of a span by which it may have moved without being asked about again. */
const SAME = 0.03;

/** Seconds of a span in which it is asked who moved before whom, at most. */
const FOLLOWED = 3600;

export class Trends {
  /**
   * @param {string} room
   * @param {{valence: boolean, people: boolean}} told whether there is a valence, and whether single people may be kept
   * @param {() => void} onTold
   */
  constructor(room, told, onTold) {
    this._path = `/api/v1/rooms/${encodeURIComponent(room)}`;
    this._told = told;
    this._onTold = onTold;
    this._timer = 0;
    this._asked = 0;
    /** @type {Span | null} of the newest question */
    this._span = null;
    /** @type {Occurrence[]} */
    this._changes = [];
    /** @type {Map<string, string>} what came after each mark, by its id */
    this._after = new Map();
    at("trends-note").hidden = !told.valence;
  }

  /** This span is shown now. @param {Span} span */
  rest(span) {
    clearTimeout(this._timer);
    if (!this._told.valence || span.from === span.to || this._isSame(span)) return;
    this._timer = setTimeout(() => this._ask(span), REST);
  }

  /**
   * All that happened, oldest first, with the changes and with what came after each mark.
   * @param {Occurrence[]} told by the server
   * @param {Occurrence[]} made here, which may be among those already
   * @returns {Occurrence[]}
   */
  beside(told, made) {
    const known = new Set(told.map((one) => one.id));
    const all = [...told, ...made.filter((one) => !known.has(one.id))].map((one) => ({ ...one, after: this._after.get(one.id) }));
    return [...all, ...this._changes].sort((one, other) => one.at - other.at);
  }

  /** Ask once more, although the span is the same: a mark was made. */
  again() {
    this._span = null;
  }

  /** @param {Span} span */
  _isSame(span) {
    const most = SAME * (span.to - span.from);
    return this._span !== null && Math.abs(this._span.from - span.from) <= most && Math.abs(this._span.to - span.to) <= most;
  }

  /** @param {Span} span */
  async _ask(span) {
    this._span = span;
    const question = ++this._asked;
    say(at("trends-state"), "Looking for changes…");
    const part = asked(span);
    const answer = await getJson(`${this._path}/trends?${part}`, PATIENCE);
    if (question !== this._asked) return; // another one is on its way
    say(at("trends-state"), answer.ok || answer.status === 404 ? "" : `Changes are not known. ${answer.why}`);
    if (!answer.ok) this._span = null;
    this._changes = answer.ok ? asOccurrences(answer.value.changes) : [];
    this._after = new Map(answer.ok ? answer.value.aftermaths.map((/** @type {any} */ one) => [one.id, afterWords(one, answer.value.window)]) : []);
    this._onTold();
    if (this._told.people && answer.ok) this._follow(span, part, question);
  }

  /** @param {Span} span @param {string} part of the address @param {number} question */
  async _follow(span, part, question) {
    const answer = span.to - span.from <= FOLLOWED ? await getJson(`${this._path}/followings?${part}`, PATIENCE) : null;
    if (question !== this._asked) return;
    if (answer && !answer.ok && answer.status === 403) this._told.people = false; // and never will be, for this visitor
    const found = answer?.ok && answer.value.people > 1 ? answer.value : null;
    at("followings-part").hidden = !found;
    if (!found) return;
    const sure = found.followings.filter((/** @type {Following} */ one) => one.above_chance);
    at("followings").replaceChildren(...sure.map((/** @type {Following} */ one) => make("li", {}, followingWords(one, found.pairs))));
    say(at("no-followings"), sure.length ? "" : found.pairs ? "Nobody moved together more than chance." : "No two people were seen together for long enough.");
  }
}
