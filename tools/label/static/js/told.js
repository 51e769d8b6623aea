// What is said where there is nothing to see, and what stands over the picture: each with the next step.

import { make } from "/static/js/dom.js";

/** @typedef {import("./desk.js").Desk} Desk */

/** What stands in the picture's place; null where the picture does. @param {Desk} desk @returns {HTMLElement[] | null} */
export function emptyOf(desk) {
  const { overview, entry, trouble } = desk;
  if (trouble?.status === 0) return [...told(...inTrouble(desk, trouble)), again(desk)];
  if (trouble) return told(...inTrouble(desk, trouble));
  if (!overview) return told("Loading…", "Asking for the pictures and what is said of them.");
  if (!overview.media.length) return told("No pictures and no videos", "Start it again with what is to be labelled:", "python -m tools.label FOLDER");
  if (!desk.picture) return told("Loading…", entry?.file ?? "");
  return null;
}

/** @param {Desk} desk @param {{status: number, why: string}} trouble @returns {[string, string, string?]} */
function inTrouble({ entry }, { status, why }) {
  if (status === 0) return ["The server does not answer", "Is it still running in its terminal? Start it again there, and try again.", "python -m tools.label …"];
  if (status === 401) return ["Not signed in", "The terminal shows an address with a token. Open it."];
  const what = entry?.kind === "video" ? "This video cannot be shown" : "This picture cannot be shown";
  const next = "Put the file right and start again, or go on with the next: N.";
  return [entry ? what : "The labels cannot be shown", `${sentence(why)} ${next}`];
}

/** @param {Desk} desk */
function again(desk) {
  const button = make("button", { type: "button", class: "button" }, "Try again");
  button.onclick = () => desk.open();
  return button;
}

/** @param {string} title @param {string} text @param {string} [command] */
function told(title, text, command = "") {
  const parts = [make("h2", {}, title), make("p", {}, text)];
  return command ? [...parts, make("p", {}, make("code", {}, command))] : parts;
}

/** One line over the picture for what can be done now. @param {Desk} desk */
export function hintOf(desk) {
  const { medium, chosen } = desk;
  if (desk.drawing && chosen && !chosen.box) return `Draw where face ${chosen.number} is on this frame. Esc gives up.`;
  if (desk.drawing) return "Draw a box around a face. Esc gives up.";
  if (chosen && !chosen.box) return `Face ${chosen.number} is not to be seen on this frame. Drag a box to say where it is, or Esc for a new face.`;
  if (medium && !medium.faces.length && !medium.complete) return "No box yet. D has the detector propose some; drag to draw one; C where there is no face.";
  return "";
}

/** @param {string} text */
export function sentence(text) {
  const begun = /^[a-z]+[ ,]/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text;
  return `${begun}${/[.!?…]$/.test(text) ? "" : "."}`;
}

/** Where the server is lost, or the sign-in is over: in one line with the next step. @param {Desk} desk */
export function lostWords({ outbox }) {
  const fault = outbox.fault;
  if (!fault?.waits) return "";
  const count = outbox.jobs.length;
  const kept = count === 1 ? "What you did last is kept here and saved" : `The last ${count} things you did are kept here and saved`;
  if (fault.status === 0) {
    const where = location.port ? ` with --port ${location.port}` : "";
    return `The server does not answer. If it has ended, start python -m tools.label again${where}. ${kept} as soon as it answers; leave this page open.`;
  }
  if (fault.status === 401) return `You are no longer signed in. ${kept} once you are.`;
  return `Not saved: ${sentence(fault.why)} ${kept} as soon as that is put right.`;
}
