// The page of a meeting: first what it is for, then what shall be seen, then the room's mood.

import { NoPicture, capture } from "./capture.js";
import { at, make, say } from "./dom.js";
import { Faces } from "./faces.js";
import { Live, pause } from "./live.js";
import { MoodPanel, SignsWords, stateOf } from "./mood.js";
import { Refused } from "./rtc.js";
import { Signs } from "./signs.js";
import { site } from "./site.js";
import { Announcer, Strip } from "./strip.js";
import { switchesAnalysis } from "./switch.js";
import { Sending } from "./whip.js";
import { span } from "./words.js";

/** @typedef {import("./events.js").RoomEvent} RoomEvent */

const STEPS = ["no-place", "step-purpose", "step-source", "step-live"];

/** Attempts to be connected again before a person is asked. */
const ATTEMPTS = 6;

/** Milliseconds between two lines about how late the results are. */
const REPORT = 1000;

const alone = site.purpose === "self";
const informed = /** @type {HTMLInputElement} */ (at("informed"));
const next = /** @type {HTMLButtonElement} */ (at("next"));
const places = /** @type {HTMLSelectElement} */ (at("place"));
const own = /** @type {HTMLVideoElement} */ (/** @type {unknown} */ (at("own")));
const announcer = new Announcer();
const words = site.signs ? new SignsWords() : new MoodPanel();
const signs = site.signs ? new Signs(at("signs")) : null;

/** @type {MediaStreamTrack | null} */
let track = null;
/** @type {Sending | null} */
let sending = null;
/** @type {Faces | null} */
let faces = null;
let attempt = 0;
let timer = 0;
let reported = -Infinity;

/** @param {string} name */
function go(name) {
  for (const step of STEPS) at(step).hidden = step !== name;
}

/**
 * @param {string} why '' takes it away
 * @param {boolean} [calm] it is no fault
 */
function problem(why, calm = false) {
  const place = at("problem");
  place.hidden = !why;
  place.classList.toggle("calm-note", calm);
  say(place, why);
}

/** @param {import("./capture.js").What} what */
async function choose(what) {
  problem("");
  try {
    track = await capture(what);
  } catch (error) {
    if (!(error instanceof NoPicture)) throw error;
    return problem(error.message);
  }
  track.onended = () => stop("The browser ended the picture. Nothing is sent any more.", true);
  if (alone) showOwn(track, what === "camera");
  attempt = 0;
  go("step-live");
  at("live-title").focus();
  return send();
}

/**
 * @param {MediaStreamTrack} picture
 * @param {boolean} mirrored
 */
function showOwn(picture, mirrored) {
  at("self").hidden = false;
  own.classList.toggle("mirrored", mirrored);
  own.srcObject = new MediaStream([picture]);
  own.play().catch(() => undefined); // its own muted picture may always play; if not, the numbers go on
  faces = new Faces(/** @type {HTMLCanvasElement} */ (/** @type {unknown} */ (at("faces"))), mirrored);
}

function send() {
  if (!track) return;
  say(at("sending"), attempt ? "Connecting again…" : "Connecting your picture…");
  const told = { onEvent: hear, onLive, onLost };
  sending = new Sending(track, places.value, told, site.iceServers ?? [], sending?.id);
}

function onLive() {
  attempt = 0;
  problem("");
  const { width, height } = track?.getSettings() ?? {};
  say(at("sending"), `Your picture is being sent${width ? `, ${width} × ${height} pixels` : ""}.`);
}

/** @param {Error} error */
function onLost(error) {
  faces?.clear();
  if (error instanceof Refused && attempt === 0) return stop(refusal(error));
  if (attempt >= ATTEMPTS) return stop("The connection was lost and does not come back. Check the network, then choose again.");
  say(at("sending"), "The connection was lost. Connecting again; nothing is sent meanwhile.");
  timer = setTimeout(send, pause(attempt++, Math.random()));
}

/** @param {Refused} error */
function refusal(error) {
  if (error.status === 409) return "Somebody else brings a picture to this place now. Ask them to stop, or choose another place.";
  if (error.status === 403) return "To bring a picture you need the administrator’s token. Sign in with it, then choose again.";
  return error.message;
}

/**
 * @param {string} why
 * @param {boolean} [calm]
 */
function stop(why, calm = false) {
  clearTimeout(timer);
  sending?.stop();
  sending = null;
  if (track) {
    track.onended = null;
    track.stop();
  }
  track = null;
  faces?.clear();
  own.srcObject = null;
  at("self").hidden = true;
  go("step-source");
  problem(why, calm);
  at("source-title").focus();
}

/** @param {import("./whip.js").AnyEvent} event */
function hear(event) {
  if (event.type === "self") {
    faces?.show(event);
    if (performance.now() - reported < REPORT) return;
    reported = performance.now();
    say(at("sending"), `Result ${span(event.age)} after the picture · ${event.dropped} dropped`);
  } else if (event.type === "room" && event.room === roomName()) {
    show(event);
  }
}

function roomName() {
  return site.places.find((one) => one.name === places.value)?.room;
}

/** @param {RoomEvent | null} event */
function show(event) {
  const [state, strip] = [stateOf(event), at("calm-strip")];
  words.show(event);
  signs?.show(state === "awake" ? (event?.signs ?? null) : null);
  if (strip.dataset.state !== state && !at("step-live").hidden) announcer.tell(at("verdict").textContent ?? "");
  strip.dataset.state = state;
}

for (const { name } of site.places) places.append(make("option", { value: name }, name));
if (site.place) places.value = site.place;
at("place-label").hidden = site.places.length < 2;
at("meter").hidden = site.signs;
at("signs").hidden = !site.signs;
if (alone) {
  say(at("informed-words"), "I am the one who can be seen, and I agree.");
  say(at("live-title"), "Your picture, now");
}
const mayGoOn = () => (next.disabled = !informed.checked);
informed.onchange = mayGoOn;
mayGoOn(); // it may have been ticked before this script came
next.onclick = () => {
  go("step-source");
  at("source-title").focus();
};
at("camera").onclick = () => choose("camera");
at("window").onclick = () => choose("window");
at("stop").onclick = () => stop("Stopped. Nothing is sent any more.", true);
switchesAnalysis(at("off"), at("answer"));
show(null);
go(site.places.length ? "step-purpose" : "no-place");
addEventListener("pagehide", () => sending?.stop());

const strip = new Strip(() => live.now());
const live = new Live(
  (event) => event.type === "room" && hear(event),
  (link) => strip.show(link),
);
