// Sending a camera's or a window's picture to a place of the server, and hearing back on the data channel "events".

import { parse } from "./events.js";
import { end, exchange } from "./rtc.js";

/** Milliseconds in which a new connection must stand, and for which one may be interrupted before it counts as lost. */
const PATIENCE = 10_000;
const INTERRUPTED = 4000;

/** @typedef {import("./events.js").RoomEvent | import("./events.js").CameraEvent | import("./events.js").SelfEvent} AnyEvent */
/**
 * @typedef {object} Told
 * @property {(event: AnyEvent) => void} onEvent
 * @property {() => void} onLive the picture is on its way
 * @property {(error: Error) => void} onLost it is no more; nothing comes after this
 */

export class Sending {
  /**
   * @param {MediaStreamTrack} track
   * @param {string} place
   * @param {Told} told
   * @param {string[]} iceServers
   * @param {string} [replaces] the session that was lost, whose place this one takes
   */
  constructor(track, place, told, iceServers, replaces = "") {
    this._told = told;
    this._session = "";
    this._over = false;
    this._peer = new RTCPeerConnection({ iceServers: iceServers.map((urls) => ({ urls })) });
    this._timer = setTimeout(() => this._lost(new Error("no connection")), PATIENCE);
    const channel = this._peer.createDataChannel("events", { ordered: false, maxRetransmits: 0 });
    channel.onmessage = ({ data }) => {
      const event = parse(data);
      if (event && !this._over) this._told.onEvent(event);
    };
    this._peer.onconnectionstatechange = () => this._changed();
    const { sender } = this._peer.addTransceiver(track, { direction: "sendonly" });
    const query = replaces ? `?replaces=${encodeURIComponent(replaces)}` : "";
    this._begin(sender, `/whip/${encodeURIComponent(place)}${query}`);
  }

  /** The name of the session, '' before there is one. */
  get id() {
    return this._session.split("/").at(-1) ?? "";
  }

  /**
   * @param {RTCRtpSender} sender
   * @param {string} path
   */
  async _begin(sender, path) {
    try {
      this._session = await exchange(this._peer, path);
      if (this._over) return await end(this._peer, this._session);
      return await keepResolution(sender);
    } catch (error) {
      return this._lost(error instanceof Error ? error : new Error(String(error)));
    }
  }

  _changed() {
    if (this._over) return;
    clearTimeout(this._timer);
    const state = this._peer.connectionState;
    if (state === "connected") this._told.onLive();
    else if (state === "failed" || state === "closed") this._lost(new Error("the connection failed"));
    else this._timer = setTimeout(() => this._lost(new Error("no connection")), state === "connecting" ? PATIENCE : INTERRUPTED);
  }

  /** @param {Error} error */
  _lost(error) {
    if (this._over) return;
    this._over = true;
    clearTimeout(this._timer);
    this._peer.close();
    this._told.onLost(error);
  }

  stop() {
    if (this._over) return;
    this._over = true;
    clearTimeout(this._timer);
    end(this._peer, this._session);
  }
}

/**
 * Small faces need pixels more than smoothness.
 * @param {RTCRtpSender} sender
 */
async function keepResolution(sender) {
  const wanted = { ...sender.getParameters(), degradationPreference: "maintain-resolution" };
  await sender.setParameters(/** @type {any} */ (wanted)).catch(() => undefined); // a browser may not know it
}
