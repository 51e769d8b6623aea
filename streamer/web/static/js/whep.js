// Watching a camera's picture as video.

import { end, exchange } from "./rtc.js";

export class Watch {
  /**
   * @param {HTMLVideoElement} video
   * @param {string} source
   * @param {() => void} onLost
   */
  constructor(video, source, onLost) {
    this._peer = new RTCPeerConnection();
    this._session = "";
    this._over = false;
    this._onLost = onLost;
    this._peer.addTransceiver("video", { direction: "recvonly" });
    this._peer.ontrack = ({ track }) => {
      video.srcObject = new MediaStream([track]);
      video.play().catch(() => undefined); // muted video may play by itself; where it may not, a click starts it
    };
    this._peer.onconnectionstatechange = () => {
      if (["failed", "closed"].includes(this._peer.connectionState)) this._lost();
    };
    this._begin(`/whep/${encodeURIComponent(source)}`);
  }

  /** @param {string} path */
  async _begin(path) {
    try {
      this._session = await exchange(this._peer, path);
      if (this._over) end(this._peer, this._session);
    } catch {
      this._lost();
    }
  }

  _lost() {
    if (this._over) return;
    this.stop();
    this._onLost();
  }

  stop() {
    if (this._over) return;
    this._over = true;
    end(this._peer, this._session);
  }
}
