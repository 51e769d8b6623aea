// What a page remembers of a room: about a result a second of the last minutes, and the moments in them.

import { eventOf } from "./events.js";
import { getJson } from "./api.js";

/** @typedef {import("./events.js").RoomEvent} RoomEvent */
/** @typedef {import("./events.js").Moment} Moment */
/** @typedef {{at: number, valence: number | null, arousal: number | null, interval: [number, number] | null}} Sample */

/** Seconds kept, and between two that are kept. */
const SPAN = 300;
const STEP = 0.5;

/** Seconds by which what is here may be newer than what the server told; more is from another run. */
const SLACK = 30;

export class History {
  constructor() {
    /** @type {Sample[]} */
    this.samples = [];
    /** @type {Map<number, Moment>} */
    this._moments = new Map();
  }

  /** @returns {Moment[]} the newest first */
  get moments() {
    return [...this._moments.values()].sort((one, other) => other.start - one.start);
  }

  /** @param {RoomEvent} event */
  add(event) {
    const last = this.samples.at(-1);
    if (last && event.at < last.at) this._startAnew();
    if (event.mood?.moment) this._moments.set(Math.round(event.mood.moment.start * 10), event.mood.moment);
    const sample = sampleOf(event);
    const before = this.samples.at(-2);
    if (last && before && last.at - before.at < STEP) this.samples[this.samples.length - 1] = sample;
    else this.samples.push(sample);
    this._forget(event.at);
  }

  /**
   * Take in what the server remembers, and keep what is here and newer.
   * @param {string} room
   */
  async fetch(room) {
    const answer = await getJson(`/api/v1/rooms/${encodeURIComponent(room)}/history`);
    const raw = answer.ok && Array.isArray(answer.value?.events) ? answer.value.events : [];
    const [here, moments] = [this.samples, this._moments];
    this._startAnew();
    for (const one of raw) {
      const event = eventOf(one);
      if (event?.type === "room") this.add(event);
    }
    const last = this.samples.at(-1)?.at ?? -Infinity;
    const sameRun = last === -Infinity || (here.at(-1)?.at ?? last) - last < SLACK;
    if (!sameRun) return;
    this.samples.push(...here.filter((one) => one.at > last));
    for (const [key, moment] of moments) if (moment.start + moment.seconds > last - SLACK) this._moments.set(key, moment);
  }

  /** The run began anew, so times before it mean nothing any more. */
  _startAnew() {
    this.samples = [];
    this._moments = new Map();
  }

  /** @param {number} now */
  _forget(now) {
    while (this.samples.length && now - this.samples[0].at > SPAN) this.samples.shift();
    for (const [key, moment] of this._moments) if (now - moment.start - moment.seconds > SPAN) this._moments.delete(key);
  }
}

/** @param {RoomEvent} event @returns {Sample} */
function sampleOf(event) {
  const { mood, at } = event;
  return { at, valence: mood?.valence ?? null, arousal: mood?.arousal ?? null, interval: mood?.valence == null ? null : mood.interval };
}
