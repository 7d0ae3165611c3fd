import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the checkout. */
export const root = resolve(fileURLToPath(new URL("../..", import.meta.url)));

export const nodeModules = join(root, "node_modules");

/** Node 26 from the lock file: runs TypeScript as it is, whatever Node the machine has. */
export const pinnedNode = join(nodeModules, ".bin", process.platform === "win32" ? "node.cmd" : "node");

/**
 * Where what is fetched once is kept, and found again by packages/embedded.
 * POSTBACK_CACHE moves it, so that several checkouts or CI runs can share it.
 *
 * @param {NodeJS.ProcessEnv} [env]
 */
export function kafkaCache(env = process.env) {
  return join(env.POSTBACK_CACHE ? resolve(env.POSTBACK_CACHE) : join(root, ".postback"), "kafka");
}
