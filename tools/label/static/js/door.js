// Coming in: with the token of the address, which does not stay there, or with one that is typed.

import { at, say } from "/static/js/dom.js";
import { get, post } from "./asking.js";
import { sentence } from "./told.js";

const SESSION = "/api/v1/session";

/** The token behind the address's #, taken out of it, so that it is in no history and no bookmark. */
export function tokenOfAddress() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token !== null) history.replaceState(null, "", location.pathname + location.search);
  return token;
}

/** Whether the browser is signed in already. @returns {ReturnType<typeof get>} */
export async function whoIsIn() {
  const answer = await get(SESSION);
  return answer.ok && !answer.value.role ? { ok: false, status: 401, why: "" } : answer;
}

/** @param {string} token */
export function enter(token) {
  return post(SESSION, { token: token.trim() });
}

export class Door {
  /** @param {() => Promise<unknown>} entered what is done once somebody is in */
  constructor(entered) {
    this._door = /** @type {HTMLDialogElement} */ (at("door"));
    this._token = /** @type {HTMLInputElement} */ (at("token"));
    this._entered = entered;
    this._door.addEventListener("cancel", (event) => event.preventDefault());
    at("form").addEventListener("submit", (event) => {
      event.preventDefault();
      this._try();
    });
  }

  /** @param {string} [problem] */
  open(problem = "") {
    if (problem) say(at("problem"), problem);
    if (!this._door.open) this._door.showModal();
  }

  close() {
    say(at("problem"), "");
    this._token.value = "";
    if (this._door.open) this._door.close();
  }

  async _try() {
    const button = /** @type {HTMLButtonElement} */ (at("enter"));
    button.disabled = true;
    const answer = await enter(this._token.value);
    button.disabled = false;
    if (!answer.ok) {
      this._token.select();
      this._token.focus();
      return say(at("problem"), refused(answer));
    }
    this.close();
    return this._entered();
  }
}

/** @param {import("./asking.js").Refusal} answer */
export function refused({ status, why }) {
  if (status === 401) return "This token is not valid, or no longer: each start makes a new one. Take it from the newest address in the terminal.";
  if (status === 0) return "The server does not answer. Is python -m tools.label still running?";
  return sentence(why);
}
