// The button that turns the analysis off for everybody, and on again.

import { postJson } from "./api.js";
import { say } from "./dom.js";

const DONE = {
  off: "The analysis is off: nobody is measured, whoever is in the picture.",
  on: "The analysis is on again.",
};

/**
 * @param {HTMLElement} button
 * @param {HTMLElement} answer
 */
export function switchesAnalysis(button, answer) {
  /** @type {"off" | "on"} */
  let next = "off";
  button.onclick = async () => {
    const told = await postJson("/api/v1/commands", { command: next });
    say(answer, told.ok ? DONE[next] : told.why);
    if (!told.ok) return;
    next = next === "off" ? "on" : "off";
    say(button, next === "off" ? "Analysis off for everybody" : "Analysis on again");
  };
}
