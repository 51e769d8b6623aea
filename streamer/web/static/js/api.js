// Asking the server. What goes wrong comes back as a sentence with the next step.

/**
 * @typedef {{ok: true, value: any}} Answer
 * @typedef {{ok: false, status: number, why: string}} Refusal
 */

/** Milliseconds for an answer. */
const PATIENCE = 10_000;

/**
 * @param {string} path
 * @param {number} [patience] milliseconds for the answer
 * @returns {Promise<Answer | Refusal>}
 */
export function getJson(path, patience) {
  return ask(path, { headers: { Accept: "application/json" } }, patience);
}

/**
 * @param {string} path
 * @param {unknown} body
 * @returns {Promise<Answer | Refusal>}
 */
export function postJson(path, body) {
  const headers = { "Content-Type": "application/json", Accept: "application/json" };
  return ask(path, { method: "POST", headers, body: JSON.stringify(body) });
}

/**
 * @param {string} path
 * @returns {Promise<Answer | Refusal>}
 */
export function remove(path) {
  return ask(path, { method: "DELETE" });
}

/**
 * @param {number} status
 * @returns {string}
 */
export function reasonFor(status) {
  if (status === 0) return "Groupmood does not answer. Is it still running? Then check the network, and reload the page.";
  if (status === 401) return "You are not signed in, or no longer. Reload the page to sign in.";
  if (status === 403) return "Your token may look, but not do this. Ask whoever runs Groupmood for the administrator’s.";
  if (status === 404) return "There is nothing of it yet.";
  if (status === 429) return "Too many attempts. Wait a minute, then try again.";
  if (status === 503) return "Groupmood has as many visitors as it can take, or is still starting. Try again in a moment.";
  return `Groupmood answered with error ${status}. Its log says more.`;
}

/**
 * @param {string} path
 * @param {RequestInit} request
 * @param {number} [patience]
 * @returns {Promise<Answer | Refusal>}
 */
async function ask(path, request, patience = PATIENCE) {
  let answer;
  try {
    answer = await fetch(path, { ...request, signal: AbortSignal.timeout(patience) });
  } catch {
    return { ok: false, status: 0, why: reasonFor(0) };
  }
  if (!answer.ok) return { ok: false, status: answer.status, why: reasonFor(answer.status) };
  if (answer.status === 204) return { ok: true, value: null };
  try {
    return { ok: true, value: await answer.json() };
  } catch {
    return { ok: false, status: answer.status, why: "Groupmood’s answer could not be read. Reload the page." };
  }
}
