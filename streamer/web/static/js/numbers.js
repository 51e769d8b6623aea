// Where the newest number comes from, in numbers of the whole room.

import { getJson } from "./api.js";
import { at, make, say } from "./dom.js";
import { site } from "./site.js";
import { tree } from "./tree.js";

const which = /** @type {HTMLSelectElement} */ (at("which"));

async function explain() {
  const room = which.value;
  if (!room) return say(at("now-words"), "There is no room yet.");
  const answer = await getJson(`/api/v1/rooms/${encodeURIComponent(room)}/explain`);
  const explained = answer.ok ? answer.value?.explained : null;
  const words = answer.ok ? "There is no number now: too few people, nobody, or no result yet. Ask again later." : answer.why;
  say(at("now-words"), explained ? `Of ${room}, as it is now; numbers of the whole room only.` : words);
  return at("explained").replaceChildren(...(explained ? [tree(explained)] : []));
}

for (const { name } of site.rooms) which.append(make("option", { value: name }, name));
at("which-label").hidden = site.rooms.length < 2;
which.onchange = explain;
at("again").onclick = explain;
explain();

getJson("/api/v1/about").then((answer) => {
  if (answer.ok) at("models").replaceChildren(tree({ models: answer.value?.models ?? "", program: answer.value?.program ?? "" }));
});
