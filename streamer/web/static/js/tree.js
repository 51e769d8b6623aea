// A mapping of any depth as nested lists of terms.

import { make } from "./dom.js";

/** Deeper is written as text. */
const DEEPEST = 8;

/**
 * @param {unknown} value
 * @param {number} [depth]
 * @returns {HTMLElement}
 */
export function tree(value, depth = 0) {
  if (isTable(value) && depth < DEEPEST) return table(Object.entries(value), depth);
  if (Array.isArray(value) && value.some((one) => typeof one === "object") && depth < DEEPEST) {
    return make("ol", { class: "several" }, ...value.map((one) => make("li", {}, tree(one, depth + 1))));
  }
  return make("span", { class: empty(value) ? "value none" : "value" }, words(value));
}

/**
 * @param {[string, unknown][]} entries
 * @param {number} depth
 */
function table(entries, depth) {
  const list = make("dl", { class: depth ? "inner" : "outer" });
  for (const [key, value] of entries) {
    const group = make("div", { class: isTable(value) ? "group" : "pair" });
    group.append(make("dt", {}, key.replaceAll("_", " ")), make("dd", {}, tree(value, depth + 1)));
    list.append(group);
  }
  return list;
}

/** @param {unknown} value @returns {value is Record<string, unknown>} */
function isTable(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length > 0;
}

/** @param {unknown} value */
function empty(value) {
  return value === null || value === "" || (typeof value === "object" && Object.keys(value).length === 0);
}

/** @param {unknown} value @returns {string} */
function words(value) {
  if (empty(value)) return "none";
  if (value === true) return "yes";
  if (value === false) return "no";
  if (typeof value === "number") return String(Math.round(value * 1e4) / 1e4).replace("-", "\u2212");
  if (Array.isArray(value)) return value.map(words).join(", ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
