// Changing a token for a session's cookie.

import { postJson } from "./api.js";
import { at, ownPath, say } from "./dom.js";

const token = /** @type {HTMLInputElement} */ (at("token"));
const enter = /** @type {HTMLButtonElement} */ (at("enter"));

at("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  enter.disabled = true;
  say(at("problem"), "");
  const answer = await postJson("/api/v1/session", { token: token.value.trim() });
  enter.disabled = false;
  // What stands behind # the browser keeps over the way here, and it never reaches the server: a span of the past.
  if (answer.ok) return location.replace(ownPath(new URLSearchParams(location.search).get("next")) + location.hash);
  token.select();
  token.focus();
  return say(at("problem"), answer.status === 401 ? "This token is not valid. Check that it is whole, and try again." : answer.why);
});
