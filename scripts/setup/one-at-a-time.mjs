import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { root } from "./paths.mjs";
import { SetupError } from "./setup-error.mjs";

const lock = join(root, ".postback", "setup.lock");
const waitMaxMs = 10 * 60_000;
const pollMs = 250;

/**
 * Runs the work while no other set-up of this checkout runs: `npm start` and `npm test` in two terminals of a fresh
 * clone must not install over each other. A lock whose process has gone is taken over.
 *
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function oneAtATime(work) {
  const deadline = Date.now() + waitMaxMs;
  for (let waited = false; !take(); waited = true) {
    if (!waited) process.stderr.write(`  Waiting for the set-up that process ${holder()} runs\n`);
    if (Date.now() > deadline) throw new SetupError("Another set-up doesn't end.", `Stop it, or remove ${lock}.`);
    await sleep(pollMs);
  }
  try {
    return await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function take() {
  mkdirSync(join(root, ".postback"), { recursive: true });
  try {
    writeFileSync(lock, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
    if (!isAlive(holder())) rmSync(lock, { force: true });
    return false;
  }
}

/** @returns {number} the holder's process id; NaN when it has just let go */
function holder() {
  try {
    return Number.parseInt(readFileSync(lock, "utf8"), 10);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return Number.NaN;
    throw error;
  }
}

/** @param {number} pid */
function isAlive(pid) {
  // Unreadable means that it is being written or removed at this moment: look again.
  if (Number.isNaN(pid)) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}

/** @param {unknown} error */
function codeOf(error) {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
