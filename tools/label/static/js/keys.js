// All keys in one table: what is pressed, what it does, and how the help says it.

/** @typedef {import("./acts.js").Acts} Acts */
/** @typedef {import("./player.js").Player} Player */
/** @typedef {{keys: string[], told: string[], words: string, act: (to: {acts: Acts, player: Player, help: () => void, attribute: () => void}, key: string) => unknown}} Row */

const DIGITS = ["1", "2", "3", "4", "5", "6", "7", "8"];
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
/** @type {(prefix: string) => string[]} */
const arrows = (prefix) => Object.keys(ARROWS).map((name) => prefix + name);
/** @type {(key: string) => [number, number]} */
const towards = (key) => /** @type {any} */ (ARROWS)[key.split("+").at(-1) ?? ""];

/** @type {{title: string, rows: Row[]}[]} */
export const KEYS = [
  {
    title: "The chosen face",
    rows: [
      { keys: DIGITS, told: ["1", "…", "8"], words: "what it shows, in the order of the list; the next one is then chosen", act: ({ acts }, key) => acts.say(label(acts, key)) },
      { keys: DIGITS.concat("0").map((key) => `Shift+${key}`), told: ["Shift", "1…8, 0"], words: "the same from its first frame on, in a video", act: ({ acts }, key) => acts.say(label(acts, key), true) },
      { keys: ["0"], told: ["0"], words: "unsure: it cannot be told", act: ({ acts }) => acts.say("unsure") },
      { keys: ["T"], told: ["T"], words: "take back what I said here", act: ({ acts }) => acts.unsay() },
      { keys: ["I"], told: ["I"], words: "ignore it, or no longer: a drawing, a blur, the back of a head", act: ({ acts }) => acts.ignore() },
      { keys: ["A"], told: ["A"], words: "write down an attribute, such as glasses: yes", act: ({ attribute }) => attribute() },
      { keys: ["Delete", "Backspace"], told: ["Delete"], words: "remove it", act: ({ acts }) => acts.remove() },
      { keys: ["Tab", "Shift+Tab"], told: ["Tab"], words: "the next face; with Shift the one before; after the last one on to the buttons", act: ({ acts }, key) => acts.next(key === "Tab" ? 1 : -1) },
      { keys: ["Escape"], told: ["Esc"], words: "choose none; or give up what was begun", act: ({ acts }) => acts.escape() },
    ],
  },
  {
    title: "Boxes",
    rows: [
      { keys: ["D"], told: ["D"], words: "have the detector propose boxes here", act: ({ acts }) => acts.propose() },
      { keys: ["B"], told: ["B"], words: "draw a box; or just drag where there is none", act: ({ acts }) => acts.draw() },
      { keys: arrows("Alt+"), told: ["Alt", "← → ↑ ↓"], words: "move the box by a pixel", act: ({ acts }, key) => acts.nudge(...towards(key), false) },
      { keys: arrows("Alt+Shift+"), told: ["Alt", "Shift", "← → ↑ ↓"], words: "make it larger or smaller by a pixel", act: ({ acts }, key) => acts.nudge(...towards(key), true) },
      { keys: ["C"], told: ["C"], words: "all faces are marked, or not yet", act: ({ acts }) => acts.complete() },
      { keys: ["U", "Ctrl+Z"], told: ["U", "Ctrl Z"], words: "undo", act: ({ acts }) => acts.step("undo") },
      { keys: ["Ctrl+Y", "Ctrl+Shift+Z"], told: ["Ctrl Y"], words: "redo", act: ({ acts }) => acts.step("redo") },
    ],
  },
  {
    title: "Going on",
    rows: [
      { keys: ["N", "Enter"], told: ["N", "Enter"], words: "the next picture or video in which something waits", act: ({ acts }) => acts.todo() },
      { keys: ["P", "PageUp"], told: ["P"], words: "the one before", act: ({ acts }) => acts.medium(-1) },
      { keys: ["PageDown"], told: ["Page down"], words: "the one after, whether done or not", act: ({ acts }) => acts.medium(1) },
      { keys: ["+", "="], told: ["+"], words: "larger; so does the wheel", act: ({ acts }) => zoom(acts, 1.25) },
      { keys: ["-"], told: ["−"], words: "smaller", act: ({ acts }) => zoom(acts, 0.8) },
      { keys: ["F"], told: ["F"], words: "the whole picture", act: ({ acts }) => { acts.view.fit(); acts.desk.changed(); } },
      { keys: ["Z"], told: ["Z"], words: "close to the chosen face, and back", act: ({ acts }) => acts.near() },
      { keys: [], told: ["Space"], words: "hold it and drag to move the picture", act: () => undefined },
      { keys: ["?"], told: ["?"], words: "these keys", act: ({ help }) => help() },
    ],
  },
  {
    title: "Videos",
    rows: [
      { keys: ["Space"], told: ["Space"], words: "play, and stop", act: ({ player }) => player.toggle() },
      { keys: ["ArrowLeft", "ArrowRight"], told: ["←", "→"], words: "a frame back or on", act: ({ player }, key) => player.step(towards(key)[0]) },
      { keys: ["Shift+ArrowLeft", "Shift+ArrowRight"], told: ["Shift", "← →"], words: "a second", act: ({ player }, key) => player.second(towards(key)[0]) },
      { keys: ["G"], told: ["G"], words: "gone: from here on it is not to be seen; a box drawn later brings it back", act: ({ acts }) => acts.gone() },
      { keys: ["S"], told: ["S"], words: "from here on it is somebody else", act: ({ acts }) => acts.split() },
      { keys: ["Shift+Delete", "Shift+Backspace"], told: ["Shift", "Delete"], words: "remove the mark of this frame only", act: ({ acts }) => acts.unmark() },
      { keys: ["Shift+D"], told: ["Shift", "D"], words: "have the detector follow faces through all of it", act: ({ acts }) => acts.propose(true) },
    ],
  },
];

const TABLE = new Map(KEYS.flatMap(({ rows }) => rows.flatMap((row) => row.keys.map((key) => /** @type {const} */ ([key, row])))));

/** Whether a key only goes on through a video. @param {string} key */
export function isStep(key) {
  return /^(Shift\+)?Arrow(Left|Right)$/.test(key);
}

/** @param {string} key */
export function rowOf(key) {
  return TABLE.get(key);
}

/**
 * A key with what is held, as the table has it. Digits are told by their place, since they need Shift on some keyboards.
 * @param {{key: string, code: string, altKey: boolean, ctrlKey: boolean, metaKey: boolean, shiftKey: boolean}} event
 */
export function nameOf(event) {
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code)?.[1];
  const name = digit ?? (event.key === " " ? "Space" : event.key.length === 1 ? event.key.toUpperCase() : event.key);
  const sign = event.key.length === 1 && !digit && name === name.toLowerCase();
  const held = [event.altKey && "Alt+", (event.ctrlKey || event.metaKey) && "Ctrl+", event.shiftKey && !sign && "Shift+"];
  return held.filter(Boolean).join("") + name;
}

/** @param {Acts} acts @param {string} key */
function label(acts, key) {
  const labels = (acts.desk.overview?.labels ?? []).filter((name) => name !== "unsure");
  const digit = Number(key.at(-1));
  return digit === 0 ? "unsure" : (labels[digit - 1] ?? "unsure");
}

/** @param {Acts} acts @param {number} factor */
function zoom(acts, factor) {
  acts.view.zoom(factor);
  acts.desk.changed();
}
