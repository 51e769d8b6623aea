// The live picture, where one may be shown and is wanted: as video (WHEP), as pictures (MJPEG), or none.

import { make, say } from "./dom.js";
import { Watch } from "./whep.js";

/** @typedef {import("./site.js").SourceInfo} SourceInfo */
/** @typedef {"pictures" | "video" | "none"} Way */

const KEPT = "groupmood.picture";

/** Milliseconds after which a picture that broke off is asked for again. */
const AGAIN = 3000;

const WORDS = { pictures: "Pictures", video: "Video", none: "No picture" };

export class Picture {
  /**
   * @param {HTMLElement} stage
   * @param {HTMLElement} room carries data-picture, by which the page is laid out
   * @param {SourceInfo[]} sources
   */
  constructor(stage, room, sources) {
    this._room = room;
    this._sources = sources.filter((one) => one.picture || one.video);
    this._source = this._sources[0];
    this._frame = make("div", { class: "frame" });
    this._note = make("p", { class: "calm" });
    this._controls = make("div", { class: "picture-controls" });
    /** @type {Watch | null} */
    this._watch = null;
    this._timer = 0;
    stage.append(this._frame, this._controls, this._note);
    if (!this._source) {
      say(this._note, "No picture is shown here: the settings say so. The numbers need none.");
      room.dataset.picture = "none";
      return;
    }
    this._build();
    this.choose(this._kept());
  }

  /** @returns {Way[]} */
  get _ways() {
    const ways = /** @type {Way[]} */ ([]);
    if (this._source?.picture) ways.push("pictures");
    if (this._source?.video) ways.push("video");
    return [...ways, "none"];
  }

  _build() {
    if (this._sources.length > 1) this._controls.append(this._cameras());
    const group = make("div", { class: "segments", role: "group", "aria-label": "Picture" });
    for (const way of this._ways) {
      const button = make("button", { type: "button", "data-way": way }, WORDS[way]);
      button.onclick = () => this.choose(way);
      group.append(button);
    }
    this._controls.append(group);
  }

  _cameras() {
    const select = make("select", { "aria-label": "Camera" });
    for (const { name } of this._sources) select.append(make("option", { value: name }, name));
    select.onchange = () => {
      this._source = this._sources.find((one) => one.name === select.value) ?? this._sources[0];
      this._controls.replaceChildren();
      this._build();
      const again = this._controls.querySelector("select");
      if (again) again.value = this._source.name;
      this.choose(this._kept());
    };
    return select;
  }

  /** @param {Way} way */
  choose(way) {
    this.end();
    this._room.dataset.picture = way === "none" ? "none" : "shown";
    for (const button of this._controls.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(button.dataset.way === way));
    }
    keep(way);
    say(this._note, "");
    if (way === "pictures") this._pictures();
    if (way === "video") this._video();
  }

  end() {
    clearTimeout(this._timer);
    this._watch?.stop();
    this._watch = null;
    for (const image of this._frame.querySelectorAll("img")) image.removeAttribute("src");
    this._frame.replaceChildren();
  }

  _pictures() {
    const { name } = this._source;
    const image = make("img", { alt: `Live picture of the camera ${name} with the analysis drawn in` });
    image.onload = () => say(this._note, "");
    image.onerror = () => this._broken(() => this.choose("pictures"));
    image.src = `/streams/${encodeURIComponent(name)}.mjpg`;
    this._frame.append(image);
  }

  _video() {
    const video = make("video", { "aria-label": `Live video of the camera ${this._source.name}`, playsinline: "" });
    video.muted = true;
    this._frame.append(video);
    this._watch = new Watch(video, this._source.name, () => this._broken(() => this.choose("video")));
  }

  /** @param {() => void} again */
  _broken(again) {
    say(this._note, "The picture does not come now; trying again. The numbers go on without it.");
    clearTimeout(this._timer);
    this._timer = setTimeout(again, AGAIN);
  }

  /** @returns {Way} */
  _kept() {
    let kept = null;
    try {
      kept = localStorage.getItem(KEPT);
    } catch {
      kept = null; // storage is switched off: the choice holds for this visit
    }
    return this._ways.find((way) => way === kept) ?? this._ways[0];
  }
}

/** @param {Way} way */
function keep(way) {
  try {
    localStorage.setItem(KEPT, way);
  } catch {
    return; // as above
  }
}
