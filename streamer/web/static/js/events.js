// The events of the server's schema, version 1. Other types, versions and fields are ignored; what is no number is null.

/**
 * @typedef {{start: number, seconds: number, change: number, over: boolean}} Moment
 * @typedef {object} Mood
 * @property {number} people
 * @property {number} used
 * @property {number | null} valence
 * @property {[number, number] | null} interval
 * @property {number | null} arousal
 * @property {Record<string, number> | null} shares
 * @property {number | null} dispersion
 * @property {number | null} positive
 * @property {number | null} negative
 * @property {number | null} cohesion
 * @property {boolean | null} together
 * @property {number | null} trend what valence is usual; null also where no moments are told
 * @property {Moment | null} moment
 *
 * @typedef {"smile" | "frown" | "nod" | "shake" | "facing"} Sign
 * @typedef {{people: number} & Record<Sign, number | null>} Signs
 * @typedef {object} RoomEvent
 * @property {"room"} type
 * @property {string} room
 * @property {number} at seconds since the run began
 * @property {number} age seconds since its pictures were captured, at its sending
 * @property {number} least
 * @property {boolean} paused
 * @property {Mood | null} mood
 * @property {Signs | null} signs
 *
 * @typedef {object} CameraEvent
 * @property {"camera"} type
 * @property {string} source
 * @property {string} room
 * @property {string} state
 * @property {number} age seconds since the state began, at its sending
 * @property {string} reason
 * @property {string} fix
 * @property {number} reconnects
 * @property {[number, number] | null} size
 *
 * @typedef {{box: number[], seen: boolean, label: string, confidence: number, signs: Record<Sign, boolean | null> | null}} Face
 * @typedef {{type: "self", picture: number, age: number, dropped: number, faces: Face[], mood: Mood | null}} SelfEvent
 */

/** @type {Sign[]} */
export const SIGNS = ["smile", "frown", "nod", "shake", "facing"];

/**
 * @param {unknown} text
 * @returns {RoomEvent | CameraEvent | SelfEvent | null} null where it is none that is known
 */
export function parse(text) {
  if (typeof text !== "string") return null;
  try {
    return eventOf(JSON.parse(text));
  } catch {
    return null;
  }
}

/**
 * @param {any} raw
 * @returns {RoomEvent | CameraEvent | SelfEvent | null}
 */
export function eventOf(raw) {
  if (!raw || typeof raw !== "object" || raw.version !== 1) return null;
  if (raw.type === "room") return room(raw);
  if (raw.type === "camera") return camera(raw);
  if (raw.type === "self") return self(raw);
  return null;
}

/** @param {any} raw @returns {RoomEvent | null} */
function room(raw) {
  const at = number(raw.at);
  if (typeof raw.room !== "string" || at === null) return null;
  return {
    type: "room",
    room: raw.room,
    at,
    age: number(raw.age) ?? 0,
    least: number(raw.least) ?? 1,
    paused: raw.paused === true,
    mood: mood(raw.mood),
    signs: signs(raw.signs),
  };
}

/** @param {any} raw @returns {CameraEvent | null} */
function camera(raw) {
  if (typeof raw.source !== "string" || typeof raw.state !== "string") return null;
  return {
    type: "camera",
    source: raw.source,
    room: text(raw.room),
    state: raw.state,
    age: number(raw.age) ?? 0,
    reason: text(raw.reason),
    fix: text(raw.fix),
    reconnects: number(raw.reconnects) ?? 0,
    size: pair(raw.size),
  };
}

/** @param {any} raw @returns {SelfEvent | null} */
function self(raw) {
  const picture = number(raw.picture);
  if (picture === null || !Array.isArray(raw.faces)) return null;
  const faces = raw.faces.map(face).filter((/** @type {Face | null} */ one) => one !== null);
  return { type: "self", picture, age: number(raw.age) ?? 0, dropped: number(raw.dropped) ?? 0, faces, mood: mood(raw.mood) };
}

/** @param {any} raw @returns {Face | null} */
function face(raw) {
  const box = raw && Array.isArray(raw.box) ? raw.box.map(number) : [];
  if (box.length !== 4 || box.includes(null) || typeof raw.label !== "string") return null;
  /** @type {any} */
  const told = raw.signs && typeof raw.signs === "object" ? {} : null;
  if (told) for (const sign of SIGNS) told[sign] = typeof raw.signs[sign] === "boolean" ? raw.signs[sign] : null;
  return { box, seen: raw.seen === true, label: raw.label, confidence: number(raw.confidence) ?? 0, signs: told };
}

/** @param {any} raw @returns {Mood | null} */
function mood(raw) {
  if (!raw || typeof raw !== "object") return null;
  return {
    people: number(raw.people) ?? 0,
    used: number(raw.used) ?? 0,
    valence: number(raw.valence),
    interval: pair(raw.interval),
    arousal: number(raw.arousal),
    shares: shares(raw.shares),
    dispersion: number(raw.dispersion),
    positive: number(raw.positive),
    negative: number(raw.negative),
    cohesion: number(raw.cohesion),
    together: typeof raw.together === "boolean" ? raw.together : null,
    trend: number(raw.trend),
    moment: moment(raw.moment),
  };
}

/** @param {any} raw @returns {Moment | null} */
function moment(raw) {
  if (!raw || typeof raw !== "object") return null;
  const [start, seconds, change] = [number(raw.start), number(raw.seconds), number(raw.change)];
  if (start === null || seconds === null || change === null) return null;
  return { start, seconds, change, over: raw.over === true };
}

/** @param {any} raw @returns {Signs | null} */
function signs(raw) {
  if (!raw || typeof raw !== "object") return null;
  /** @type {any} */
  const told = { people: number(raw.people) ?? 0 };
  for (const sign of SIGNS) told[sign] = number(raw[sign]);
  return told;
}

/** @param {any} raw @returns {Record<string, number> | null} */
function shares(raw) {
  if (!raw || typeof raw !== "object") return null;
  return Object.fromEntries(Object.entries(raw).filter(([, share]) => number(share) !== null));
}

/** @param {any} raw @returns {[number, number] | null} */
function pair(raw) {
  if (!Array.isArray(raw) || raw.length !== 2) return null;
  const [first, second] = raw.map(number);
  return first === null || second === null ? null : [first, second];
}

/** @param {unknown} value @returns {number | null} */
function number(value) {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** @param {unknown} value */
function text(value) {
  return typeof value === "string" ? value : "";
}
