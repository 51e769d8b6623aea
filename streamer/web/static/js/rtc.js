// One exchange of offer and answer, as WHIP (RFC 9725) and WHEP have it.

import { reasonFor } from "./api.js";

/** Milliseconds for the addresses of this machine to be gathered; those found by then are sent. */
const GATHERING = 2000;

export class Refused extends Error {
  /**
   * @param {number} status
   * @param {string} message
   */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/**
 * Offer to ``path`` and take its answer.
 * @param {RTCPeerConnection} peer
 * @param {string} path
 * @returns {Promise<string>} where the session is, to be deleted in the end
 */
export async function exchange(peer, path) {
  await peer.setLocalDescription(await peer.createOffer());
  await gathered(peer);
  const body = peer.localDescription?.sdp ?? "";
  let answer;
  try {
    const headers = { "Content-Type": "application/sdp" };
    answer = await fetch(path, { method: "POST", headers, body, signal: AbortSignal.timeout(15_000) });
  } catch {
    throw new Refused(0, reasonFor(0));
  }
  if (answer.status !== 201) throw new Refused(answer.status, reasonFor(answer.status));
  await peer.setRemoteDescription({ type: "answer", sdp: await answer.text() });
  return answer.headers.get("Location") ?? "";
}

/**
 * Say goodbye, then close: the other way round the server would have ended the session by itself.
 * @param {RTCPeerConnection} peer
 * @param {string} session '' before there is one
 */
export async function end(peer, session) {
  if (session) await fetch(session, { method: "DELETE", keepalive: true }).catch(() => undefined);
  peer.close();
}

/** @param {RTCPeerConnection} peer */
function gathered(peer) {
  if (peer.iceGatheringState === "complete") return Promise.resolve();
  return new Promise((done) => {
    setTimeout(done, GATHERING);
    peer.addEventListener("icegatheringstatechange", () => peer.iceGatheringState === "complete" && done(undefined));
  });
}
