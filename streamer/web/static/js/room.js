// The page of a room: everything that is said of it, from its events.

import { Age } from "./age.js";
import { Circumplex } from "./circumplex.js";
import { Dissent } from "./dissent.js";
import { at, make } from "./dom.js";
import { History } from "./history.js";
import { Live } from "./live.js";
import { MoodPanel, SignsWords, stateOf } from "./mood.js";
import { Moments } from "./moments.js";
import { Picture } from "./picture.js";
import { Shares } from "./shares.js";
import { Signs } from "./signs.js";
import { roomOf, site } from "./site.js";
import { Chips, isFault } from "./states.js";
import { Announcer, Strip } from "./strip.js";
import { Trend } from "./trend.js";
import { momentWords } from "./words.js";

/** @typedef {import("./events.js").RoomEvent} RoomEvent */
/** @typedef {{show: (event: RoomEvent | null) => void, tick: () => void, recall: () => void}} Panels */

const info = roomOf(site.room);
const root = at("room");

/** @returns {Panels} what is shown where moods are */
function moodPanels() {
  const [mood, circle, trend] = [new MoodPanel(), new Circumplex(at("circle")), new Trend(at("trend"))];
  const [shares, dissent] = [new Shares(at("shares")), new Dissent(at("dissent"))];
  const moments = new Moments(at("moments"), at("no-moments"));
  const history = new History();
  let told = false;
  const recall = () => history.fetch(info.name).then(tick);

  /** @param {RoomEvent | null} event */
  function show(event) {
    if (event) history.add(event);
    told = event?.mood?.trend != null;
    const awake = stateOf(event) === "awake";
    const now = awake && event ? event.mood : null;
    mood.show(event);
    circle.show(history.samples, awake);
    shares.show(now?.shares ?? null);
    dissent.show(now, info.least);
    const moment = now?.moment;
    if (moment && !moment.over) announcer.tell(momentWords({ ...moment, seconds: Math.round(moment.seconds / 20) * 20 }));
  }

  function tick() {
    const last = history.samples.at(-1);
    if (!last) return;
    const now = last.at + (age.seconds || 0);
    trend.show(history.samples, history.moments, now);
    moments.show(history.moments, now, told);
  }
  return { show, tick, recall };
}

/** @returns {Panels} what is shown where no emotion is inferred */
function signPanels() {
  const [words, signs] = [new SignsWords(), new Signs(at("signs"))];
  return {
    show(event) {
      words.show(event);
      signs.show(stateOf(event) === "awake" ? (event?.signs ?? null) : null);
    },
    tick: () => undefined,
    recall: () => undefined,
  };
}

function showRooms() {
  const list = at("rooms");
  if (site.rooms.length < 2) return;
  list.hidden = false;
  for (const { name } of site.rooms) {
    const link = make("a", { href: `/room/${encodeURIComponent(name)}` }, name);
    if (name === info.name) link.setAttribute("aria-current", "page");
    list.append(link);
  }
}

/** @type {Record<string, string>} */
const TOLD = {
  awake: "The meter is awake.",
  asleep: "Nothing is shown: too few people, or nobody.",
  unsure: "Not enough evidence for a number.",
  paused: "The analysis is off.",
};

const announcer = new Announcer();
const age = new Age(at("age"), root);
const chips = new Chips(at("chips"));
const panels = site.signs ? signPanels() : moodPanels();
showRooms();
const picture = new Picture(at("stage"), root, info.sources);
panels.show(null);

const strip = new Strip(() => live.now());
const live = new Live(
  (event) => {
    if (event.room !== info.name) return;
    if (event.type === "camera") {
      chips.show(event);
      if (isFault(event.state)) announcer.tell(`Camera ${event.source}: ${event.state}. ${event.fix}`);
      return;
    }
    const state = stateOf(event);
    if (root.dataset.state !== state) announcer.tell(TOLD[state] ?? "");
    root.dataset.state = state;
    age.came(event.age);
    panels.show(event);
  },
  (link) => {
    root.dataset.link = link.kind;
    strip.show(link);
    if (link.kind === "live") panels.recall(); // what came while the page was cut off, or before it was opened
  },
);
setInterval(panels.tick, 1000);
addEventListener("pagehide", () => picture.end());
