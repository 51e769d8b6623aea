// The meter alone, on nothing, to be laid over a video. "?scale=1.5" makes it larger.

import { at, say } from "./dom.js";
import { Live } from "./live.js";
import { Meter } from "./meter.js";
import { stateOf } from "./mood.js";
import { signsLine } from "./signs.js";
import { roomOf, site } from "./site.js";
import { peopleUsed, signed } from "./words.js";

/** Milliseconds without a result after which the meter says so instead of showing an old one. */
const OLD = 5000;

const wanted = Number(new URLSearchParams(location.search).get("scale"));
const scale = Number.isFinite(wanted) && wanted >= 0.5 && wanted <= 4 ? wanted : 1;
const root = at("overlay");
const info = roomOf(site.room);
const meter = new Meter(at("meter"));
let timer = 0;

document.documentElement.style.fontSize = `${16 * scale}px`;
at("meter").hidden = site.signs;

/** @param {string} words */
function rest(words) {
  root.dataset.state = "waiting";
  meter.show(null);
  say(at("line"), words);
}

/** @param {import("./events.js").RoomEvent} event @returns {string} */
function lineOf(event) {
  const state = stateOf(event);
  if (state === "paused") return "The analysis is off";
  if (state === "asleep") return event.least > 1 ? `Fewer than ${event.least} people: nothing is shown` : "Nobody is seen";
  if (event.signs) return signsLine(event.signs);
  if (!event.mood || event.mood.valence === null) return "Not enough evidence";
  return `${signed(event.mood.valence)} · ${peopleUsed(event.mood.used, event.mood.people, event.least)}`;
}

new Live(
  (event) => {
    if (event.type !== "room" || event.room !== info.name) return;
    clearTimeout(timer);
    timer = setTimeout(() => rest("No result now"), OLD);
    const state = stateOf(event);
    root.dataset.state = state;
    meter.show(state === "awake" ? (event.mood?.valence ?? null) : null, event.mood?.interval);
    say(at("line"), lineOf(event));
  },
  (link) => {
    if (link.kind === "denied") rest("Not signed in");
  },
);
