// The configuration, read-only.

import { getJson } from "./api.js";
import { at, say } from "./dom.js";
import { tree } from "./tree.js";

getJson("/api/v1/settings").then((answer) => {
  if (!answer.ok) return say(at("empty"), answer.why);
  at("empty").hidden = true;
  return at("settings").replaceChildren(tree(answer.value?.settings ?? {}));
});
