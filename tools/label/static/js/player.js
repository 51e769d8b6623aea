// Going through a video: by frames, by seconds, and at its own pace. No frame is left out.

const AHEAD = 6;

export class Player {
  /** @param {import("./desk.js").Desk} desk @param {import("./acts.js").Acts} acts */
  constructor(desk, acts) {
    this._desk = desk;
    this._acts = acts;
    this.playing = false;
  }

  /** @param {number} frames */
  async step(frames) {
    if (this._desk.medium?.kind !== "video") return;
    this.stop();
    this._acts.flush();
    await this._desk.step(frames);
    this._prefetch(Math.sign(frames));
  }

  /** @param {number} seconds */
  second(seconds) {
    return this.step(Math.round(seconds * (this._desk.medium?.fps || 1)) || Math.sign(seconds));
  }

  /** @param {number} frame */
  async seek(frame) {
    this.stop();
    this._acts.flush();
    await this._desk.seek(frame);
  }

  toggle() {
    if (this._desk.medium?.kind !== "video") return;
    this._acts.flush();
    if (this.playing) this.stop();
    else this._play();
  }

  stop() {
    if (!this.playing) return;
    this.playing = false;
    this._desk.changed();
  }

  async _play() {
    const desk = this._desk;
    const [index, last] = [desk.index, (desk.medium?.frames ?? 1) - 1];
    this.playing = true;
    if (desk.frame >= last) await desk.seek(0);
    while (this.playing && desk.index === index && desk.frame < last && !desk.trouble) {
      const due = performance.now() + 1000 / (desk.medium?.fps || 25);
      this._prefetch(1);
      await desk.pictures.get(index, desk.frame + 1);
      await new Promise((go) => setTimeout(go, due - performance.now()));
      if (this.playing && desk.index === index) await desk.seek(desk.frame + 1);
    }
    this.playing = false;
    desk.changed();
  }

  /** @param {number} towards 1 or -1 */
  _prefetch(towards) {
    const last = (this._desk.medium?.frames ?? 1) - 1;
    for (let ahead = 1; ahead <= AHEAD; ahead += 1) {
      const frame = this._desk.frame + towards * ahead;
      if (frame >= 0 && frame <= last) this._desk.pictures.get(this._desk.index, frame);
    }
  }
}
