// The number, what may be said of it, and the meter; or why there is none.

import { at, say } from "./dom.js";
import { Meter } from "./meter.js";
import { NOT_ENOUGH, asleep, between, peopleUsed, signed, verdict } from "./words.js";

/** @typedef {import("./events.js").RoomEvent} RoomEvent */
/** @typedef {"waiting" | "paused" | "asleep" | "unsure" | "awake"} State */

/**
 * @param {RoomEvent | null} event
 * @returns {State}
 */
export function stateOf(event) {
  if (!event) return "waiting";
  if (event.paused) return "paused";
  if (!event.mood && !event.signs) return "asleep";
  return event.signs || event.mood?.valence != null ? "awake" : "unsure";
}

/** @type {Record<Exclude<State, "awake">, (least: number) => [string, string]>} */
const SAID = {
  waiting: () => ["No result yet", "The cameras are starting, or the models are being opened. This takes some seconds."],
  paused: () => ["The analysis is off", "Nobody is measured. An administrator can switch it on again."],
  asleep: (least) => ["Nothing is shown", asleep(least)],
  unsure: () => ["Not enough evidence", NOT_ENOUGH],
};

export class MoodPanel {
  constructor() {
    this._meter = new Meter(at("meter"));
    this._number = document.getElementById("number");
  }

  /** @param {RoomEvent | null} event */
  show(event) {
    const mood = event?.mood ?? null;
    const valence = mood?.valence ?? null;
    const state = stateOf(event);
    const [title, reason] = state === "awake" && event && mood && valence !== null
      ? [verdict(valence, mood.interval, who(mood, event.least)), between(mood.interval)]
      : state === "awake" ? ["", ""] : SAID[state](event?.least ?? 1);
    if (this._number) say(this._number, state === "awake" && valence !== null ? signed(valence) : "–");
    say(at("verdict"), title);
    say(at("reason"), reason);
    say(at("people"), mood && state !== "paused" ? peopleUsed(mood.used, mood.people, event?.least ?? 1) : "");
    this._meter.show(state === "awake" ? valence : null, mood?.interval ?? null);
  }
}

/**
 * One person alone is no room.
 * @param {import("./events.js").Mood} mood
 * @param {number} least
 */
function who(mood, least) {
  return least <= 1 && mood.people === 1 ? "This face" : "The room";
}

export class SignsWords {
  /** @param {RoomEvent | null} event */
  show(event) {
    const state = stateOf(event);
    const [title, reason] = state === "awake" ? ["", ""] : SAID[state](event?.least ?? 1);
    const many = event?.signs ? `${event.signs.people}${event.least > 1 ? "+" : ""} people are seen` : "";
    say(at("verdict"), title || many);
    say(at("reason"), reason);
  }
}
