// The report of the span that is shown, as a file; or why there is none.

import { at, make, say } from "./dom.js";
import { reasonFor } from "./api.js";
import { asked } from "./span.js";

/** Milliseconds for the report, which the server may have to make after another. */
const PATIENCE = 30_000;

export class Report {
  /** @param {string} room @param {boolean} made whether the server makes any */
  constructor(room, made) {
    this._path = `/api/v1/rooms/${encodeURIComponent(room)}/report`;
    this._link = /** @type {HTMLAnchorElement} */ (at("report"));
    this._link.hidden = !made;
    this._making = false;
    this._link.onclick = (event) => this._take(event);
  }

  /** @param {import("./span.js").Span} span that is shown now */
  of(span) {
    const wanted = `${this._path}?${asked(span)}`;
    if (this._link.getAttribute("href") === wanted) return;
    this._link.setAttribute("href", wanted);
    if (!this._making) say(at("report-answer"), "");
  }

  /** @param {MouseEvent} event */
  async _take(event) {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // as any other link
    event.preventDefault();
    if (this._making) return;
    this._making = true;
    this._tell("Making the report…", false);
    const wrong = await saved(this._link.href);
    this._making = false;
    this._tell(wrong || "The report is among your downloads.", wrong !== "");
  }

  /** @param {string} words @param {boolean} wrong */
  _tell(words, wrong) {
    say(at("report-answer"), words);
    at("report-answer").classList.toggle("problem", wrong);
    at("report-answer").classList.toggle("calm", !wrong);
  }
}

/** @param {string} path @returns {Promise<string>} what went wrong, or nothing */
async function saved(path) {
  try {
    const answer = await fetch(path, { signal: AbortSignal.timeout(PATIENCE) });
    if (!answer.ok) return (await detailOf(answer)) || reasonFor(answer.status);
    const name = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition") ?? "")?.[1] ?? "report.html";
    const place = URL.createObjectURL(await answer.blob());
    make("a", { href: place, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(place), 60_000);
    return "";
  } catch {
    return reasonFor(0);
  }
}

/** What the server says of a span of which it makes none. @param {Response} answer @returns {Promise<string>} */
async function detailOf(answer) {
  if (![400, 404, 503].includes(answer.status)) return "";
  const told = await answer.json().catch(() => null);
  return typeof told?.detail === "string" && told.detail ? `No report: ${told.detail}.` : "";
}
