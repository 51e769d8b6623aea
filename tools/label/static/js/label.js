// The labelling page: puts its parts together, and leads keys to what they do.

import { at, say } from "/static/js/dom.js";
import { Acts } from "./acts.js";
import { Desk } from "./desk.js";
import { Door, enter, refused, tokenOfAddress, whoIsIn } from "./door.js";
import { Help } from "./help.js";
import { isStep, nameOf, rowOf } from "./keys.js";
import { MediaList } from "./media.js";
import { Panel } from "./panel.js";
import { Player } from "./player.js";
import { Proposing } from "./proposing.js";
import { saidAt } from "./sayings.js";
import { Stage } from "./stage.js";
import { Status } from "./status.js";
import { Timeline } from "./timeline.js";
import { Tools } from "./tools.js";
import { View } from "./view.js";

let asked = false;
/** @type {Promise<unknown>} keys that wait */
let line = Promise.resolve();
let waiting = 0;
const desk = new Desk(() => {
  if (asked) return;
  asked = true;
  queueMicrotask(show);
});
const view = new View();
const acts = new Acts(desk, view, new Proposing(desk));
const player = new Player(desk, acts);
const stage = new Stage(desk, view, acts);
const panel = new Panel(desk, acts);
const help = new Help();
const door = new Door(() => desk.open().then(() => stage.root.focus({ preventScroll: true })));
const parts = [new Status(desk), new MediaList(desk, acts), new Timeline(desk, player), panel, stage, new Tools(desk, view, acts)];
const to = {
  acts,
  player,
  help: () => help.open(),
  attribute: () => panel.attributes.input.focus(),
};

function show() {
  asked = false;
  for (const part of parts) part.show();
  document.body.dataset.state = desk.overview ? "open" : "loading";
  say(at("announcer"), chosenWords());
  const refusal = desk.outbox.fault ?? desk.trouble;
  if (refusal?.status === 401) door.open();
}

/** The chosen face for who listens. */
function chosenWords() {
  const chosen = desk.chosen;
  if (!chosen) return "";
  const label = chosen.face.ignore ? "ignored" : saidAt(chosen.face, desk.annotator, desk.frame) || "nothing said yet";
  return `Face ${chosen.number} of ${desk.faces.length}: ${label}`;
}

/** With the token of the address, or as who is signed in already. */
async function come() {
  const token = tokenOfAddress();
  const answer = token === null ? await whoIsIn() : await enter(token);
  if (!answer.ok && answer.status === 0) return desk.lost(answer);
  if (!answer.ok) return door.open(token === null ? "" : refused(answer));
  door.close();
  if (await desk.open()) stage.root.focus({ preventScroll: true });
  return undefined;
}

/** Keys that belong to what has the focus. @param {KeyboardEvent} event @param {string} name */
function isOwn(event, name) {
  const target = /** @type {HTMLElement} */ (event.target);
  if (target.closest("dialog")) return true;
  if (target.closest("input, select")) return true;
  if (name === "Tab" || name === "Shift+Tab") return target !== stage.root && target !== document.body;
  return ["Enter", "Space"].includes(name) && target.closest("button, a") !== null;
}

/** Keys pressed on the way to another frame are meant for that frame: they wait, and keep their order.
 * @param {import("./keys.js").Row} row @param {string} name @returns {unknown} */
function inOrder(row, name) {
  if (!waiting && (isStep(name) || !desk.moving)) return row.act(to, name);
  waiting += 1;
  line = line.then(() => desk.arrived()).then(() => row.act(to, name)).finally(() => { waiting -= 1; });
  return line;
}

document.addEventListener("keydown", (event) => {
  const name = nameOf(event);
  const target = /** @type {HTMLElement} */ (event.target);
  if (name === "Escape" && target.closest("input, select") && !target.closest("dialog")) return stage.root.focus();
  if (isOwn(event, name)) return undefined;
  if (name === "Space") {
    event.preventDefault();
    if (!event.repeat) Object.assign(stage, { space: true, dragged: false });
    return undefined;
  }
  const row = rowOf(name);
  if (!row || !desk.overview?.media.length || (name === "Escape" && stage.giveUp())) return undefined;
  const done = inOrder(row, name);
  if (name.endsWith("Tab") && done === false) return undefined;
  event.preventDefault();
  if (!["A", "?"].includes(name)) stage.root.focus({ preventScroll: true });
  return undefined;
});

document.addEventListener("keyup", (event) => {
  if (event.key !== " " || !stage.space) return;
  stage.space = false;
  if (!stage.dragged) player.toggle();
});

addEventListener("blur", () => Object.assign(stage, { space: false }));
addEventListener("hashchange", come);
addEventListener("online", () => desk.outbox.run());
addEventListener("beforeunload", (event) => {
  acts.flush();
  if (desk.outbox.jobs.length) event.preventDefault();
});

come();
