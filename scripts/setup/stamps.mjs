import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { nodeModules } from "./paths.mjs";

// In node_modules, because it goes when that goes.
const file = join(nodeModules, ".postback-setup.json");

/**
 * A key that changes when any of the inputs does.
 *
 * @param {...(string | Buffer)} inputs
 */
export function keyOf(...inputs) {
  const hash = createHash("sha256");
  for (const input of inputs) hash.update(`${input.length}:`).update(input);
  return hash.digest("hex").slice(0, 16);
}

/** @returns {Record<string, string>} */
function stamps() {
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
}

/**
 * @param {string} step
 * @param {string} key
 */
export function isStamped(step, key) {
  return stamps()[step] === key;
}

/**
 * @param {string} step
 * @param {string} key
 */
export function stamp(step, key) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify({ ...stamps(), [step]: key }, null, 2));
}
