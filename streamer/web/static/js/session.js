// The way out, for who came in with a token.

import { getJson, remove } from "./api.js";
import { at } from "./dom.js";

getJson("/api/v1/session").then((answer) => {
  at("sign-out").hidden = !(answer.ok && answer.value?.tokens);
});
at("sign-out").onclick = async () => {
  await remove("/api/v1/session");
  location.assign("/sign-in");
};
