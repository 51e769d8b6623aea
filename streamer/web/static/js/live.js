// The WebSocket of events, kept open: a lost one is tried again with full-jitter backoff.

import { getJson } from "./api.js";
import { parse } from "./events.js";

/**
 * @typedef {import("./events.js").RoomEvent | import("./events.js").CameraEvent} LiveEvent
 * @typedef {{kind: "connecting"} | {kind: "live"} | {kind: "denied"} | {kind: "waiting", until: number}} Link
 * ``until``: performance.now() of the next attempt
 */

const LEAST = 500;
const MOST = 10_000;

/** Milliseconds in which a new connection must be open. */
const PATIENCE = 10_000;

/**
 * @param {number} attempt from 0
 * @param {number} luck 0…1
 * @returns {number} milliseconds to wait before it
 */
export function pause(attempt, luck) {
  return LEAST + luck * (Math.min(MOST, LEAST * 2 ** attempt) - LEAST);
}

export class Live {
  /**
   * @param {(event: LiveEvent) => void} onEvent
   * @param {(link: Link) => void} onLink
   */
  constructor(onEvent, onLink) {
    this._onEvent = onEvent;
    this._onLink = onLink;
    this._attempt = 0;
    this._timer = 0;
    /** @type {WebSocket | null} */
    this._socket = null;
    addEventListener("online", () => this.now());
    document.addEventListener("visibilitychange", () => document.hidden || this.now());
    this._open();
  }

  /** Try again at once, if a try is due at all. */
  now() {
    if (this._timer) this._open();
  }

  _open() {
    clearTimeout(this._timer);
    this._timer = 0;
    this._onLink({ kind: "connecting" });
    const socket = new WebSocket(new URL("/api/v1/events", location.href.replace(/^http/, "ws")));
    const late = setTimeout(() => socket.close(), PATIENCE);
    this._socket = socket;
    socket.onopen = () => {
      clearTimeout(late);
      this._attempt = 0;
      this._onLink({ kind: "live" });
    };
    socket.onmessage = (message) => {
      const event = parse(message.data);
      if (event && event.type !== "self") this._onEvent(event);
    };
    socket.onclose = () => {
      clearTimeout(late);
      this._retry();
    };
  }

  async _retry() {
    const wait = pause(this._attempt++, Math.random());
    this._timer = setTimeout(() => this._open(), wait);
    this._onLink({ kind: "waiting", until: performance.now() + wait });
    const answer = await getJson("/api/v1/about");
    if (!answer.ok && answer.status === 401) {
      clearTimeout(this._timer);
      this._timer = 0;
      this._onLink({ kind: "denied" });
    }
  }
}
