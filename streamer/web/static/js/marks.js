// "Add a mark": what happened, and when; for administrators.

import { getJson, postJson } from "./api.js";
import { at, say } from "./dom.js";
import { occurrenceOf } from "./course.js";
import { site } from "./site.js";

/** @typedef {import("./course.js").Occurrence} Occurrence */

/**
 * Shows the form where the visitor may mark.
 * @param {string} room
 * @param {(made: Occurrence) => void} onMade
 */
export async function marksInto(room, onMade) {
  const form = /** @type {HTMLFormElement} */ (at("mark"));
  if (!site.marks) return;
  const session = await getJson("/api/v1/session");
  if (!session.ok || session.value?.role !== "admin") return;
  form.hidden = false;
  const text = /** @type {HTMLInputElement} */ (at("mark-text"));
  const when = /** @type {HTMLInputElement} */ (at("mark-when"));
  form.onsubmit = async (event) => {
    event.preventDefault();
    if (!text.value.trim()) return void text.focus();
    const utc = when.value ? new Date(when.value).toISOString() : null;
    const told = await postJson(`/api/v1/rooms/${encodeURIComponent(room)}/marks`, { text: text.value, utc });
    const wrong = !told.ok && told.status === 400 ? "That time is in the future." : told.ok ? "" : told.why;
    say(at("mark-answer"), told.ok ? "The mark is added." : wrong);
    at("mark-answer").classList.toggle("problem", !told.ok);
    if (!told.ok) return;
    text.value = when.value = "";
    onMade(occurrenceOf(told.value.mark));
  };
}
