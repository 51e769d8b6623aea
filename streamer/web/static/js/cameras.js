// One tile for each camera: its state, since when, why, and what to do.

import { getJson } from "./api.js";
import { at, make, say } from "./dom.js";
import { eventOf } from "./events.js";
import { Live } from "./live.js";
import { site } from "./site.js";
import { isFault, mark, sayFor } from "./states.js";
import { Announcer, Strip } from "./strip.js";

/** @typedef {import("./events.js").CameraEvent} CameraEvent */

/** Milliseconds between two pictures on a tile. */
const SNAPSHOT = 5000;

const pictured = new Set(site.rooms.flatMap((room) => room.sources.filter((one) => one.picture).map((one) => one.name)));

class Tile {
  /** @param {string} source */
  constructor(source) {
    this._source = source;
    this._began = 0;
    this._state = make("div");
    this._since = make("span", { class: "since" });
    this._reason = make("p", { class: "reason" });
    this._fix = make("p", { class: "fix" });
    this._facts = make("p", { class: "facts" });
    this._room = make("p", { class: "of-room" });
    this._shot = make("div", { class: "shot" });
    const title = make("h2", { id: `camera-${source}` }, source);
    this.element = make("li", { class: "tile", "aria-labelledby": title.id });
    const line = make("div", { class: "tile-state" }, this._state, this._since);
    this.element.append(this._shot, make("div", { class: "tile-head" }, title, this._room), line, this._reason, this._fix, this._facts);
  }

  /** @param {CameraEvent} camera */
  show(camera) {
    this._began = performance.now() - 1000 * camera.age;
    this._state.replaceChildren(mark(camera.state));
    this.element.classList.toggle("fault", isFault(camera.state));
    say(this._room, camera.room === camera.source ? "" : `in ${camera.room}`);
    say(this._reason, camera.reason);
    say(this._fix, camera.fix);
    const size = camera.size ? `${camera.size[0]} × ${camera.size[1]} pixels` : "";
    const back = camera.reconnects === 1 ? "came back once" : camera.reconnects ? `came back ${camera.reconnects} times` : "";
    say(this._facts, [size, back].filter(Boolean).join(" · "));
    this._shows = camera.state === "online" && pictured.has(camera.source);
    this._shot.classList.toggle("empty", !this._shows);
    if (!this._shows) this._shot.replaceChildren(make("span", {}, noPicture(camera)));
    else if (!this._shot.querySelector("img")) this.snap();
    this.tick();
  }

  tick() {
    sayFor(this._since, (performance.now() - this._began) / 1000);
  }

  snap() {
    if (!this._shows || document.hidden) return;
    const image = make("img", { alt: `Camera ${this._source} some seconds ago` });
    image.onload = () => this._shot.replaceChildren(image);
    image.src = `/streams/${encodeURIComponent(this._source)}.jpg?${Date.now()}`;
  }
}

/** @param {CameraEvent} camera */
function noPicture(camera) {
  if (!pictured.has(camera.source)) return "No picture is shown here";
  return camera.state === "starting" ? "No picture yet" : "No picture now";
}

/** @type {Map<string, Tile>} */
const tiles = new Map();
const announcer = new Announcer();

/** @param {CameraEvent} camera */
function show(camera) {
  let tile = tiles.get(camera.source);
  if (!tile) {
    tile = new Tile(camera.source);
    tiles.set(camera.source, tile);
    at("tiles").append(tile.element);
  }
  tile.show(camera);
  at("empty").hidden = true;
}

const strip = new Strip(() => live.now());
const live = new Live(
  (event) => {
    if (event.type !== "camera") return;
    show(event);
    if (isFault(event.state)) announcer.tell(`Camera ${event.source}: ${event.state}. ${event.fix}`);
  },
  (link) => strip.show(link),
);

getJson("/api/v1/cameras").then((answer) => {
  const known = answer.ok && Array.isArray(answer.value?.cameras) ? answer.value.cameras : [];
  for (const raw of known) {
    const camera = eventOf(raw);
    if (camera?.type === "camera") show(camera);
  }
  if (!answer.ok) say(at("empty"), answer.why);
  else if (!tiles.size) say(at("empty"), "No camera has said anything yet. They appear here as soon as they start.");
});
setInterval(() => tiles.forEach((tile) => tile.tick()), 1000);
setInterval(() => tiles.forEach((tile) => tile.snap()), SNAPSHOT);
