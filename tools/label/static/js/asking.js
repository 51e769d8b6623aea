// Asking the labelling server. What goes wrong comes back as a sentence with the next step.

/**
 * @typedef {{ok: true, value: any}} Answer
 * @typedef {{ok: false, status: number, why: string}} Refusal
 */

const PATIENCE = 30_000;

/** @param {string} path @returns {Promise<Answer | Refusal>} */
export async function get(path) {
  return read(await reach(path, { headers: { Accept: "application/json" } }));
}

/** @param {string} path @param {unknown} body @returns {Promise<Answer | Refusal>} */
export async function post(path, body) {
  const headers = { "Content-Type": "application/json", Accept: "application/json" };
  return read(await reach(path, { method: "POST", headers, body: JSON.stringify(body) }));
}

/** A picture, decoded. @param {string} path @returns {Promise<Answer | Refusal>} */
export async function picture(path) {
  const answer = await reach(path, { headers: { Accept: "image/jpeg" } });
  if (!answer?.ok) return refusal(answer);
  try {
    return { ok: true, value: await createImageBitmap(await answer.blob()) };
  } catch {
    return { ok: false, status: answer.status, why: "The server’s picture cannot be shown by this browser." };
  }
}

/** @param {string} path @param {RequestInit} request @returns {Promise<Response | null>} null where nobody answers */
async function reach(path, request) {
  try {
    return await fetch(path, { ...request, signal: AbortSignal.timeout(PATIENCE) });
  } catch {
    return null;
  }
}

/** @param {Response | null} answer @returns {Promise<Answer | Refusal>} */
async function read(answer) {
  if (!answer?.ok) return refusal(answer);
  try {
    const text = await answer.text();
    return { ok: true, value: text ? JSON.parse(text) : null };
  } catch {
    return { ok: false, status: 0, why: "The server’s answer ended too early." };
  }
}

/** @param {Response | null} answer @returns {Promise<Refusal>} */
async function refusal(answer) {
  if (answer === null) return { ok: false, status: 0, why: "the server does not answer" };
  return { ok: false, status: answer.status, why: (await detail(answer)) || standard(answer.status) };
}

/** What the problem itself says. @param {Response} answer */
async function detail(answer) {
  try {
    const problem = await answer.json();
    return typeof problem?.detail === "string" ? problem.detail : "";
  } catch {
    return "";
  }
}

/** @param {number} status */
function standard(status) {
  if (status === 401) return "you are not signed in, or no longer";
  if (status === 403) return "this token may look, but not label";
  if (status === 404) return "it is not there any more; reload the page";
  return `the server answered with error ${status}; the terminal in which it runs says more`;
}
