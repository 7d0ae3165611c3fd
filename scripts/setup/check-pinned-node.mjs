import { spawnSync } from "node:child_process";
import { pinnedNode } from "./paths.mjs";
import { SetupError } from "./setup-error.mjs";

/** Node needs a library that the smallest systems lack; without it every later step fails by a bare loader error. */
export function checkPinnedNode(program = pinnedNode) {
  const { error, status, stderr } = spawnSync(program, ["--version"], { encoding: "utf8" });
  if (error === undefined && status === 0) return;
  const output = error?.message ?? stderr.trim();
  const remedy = output.includes("libatomic")
    ? "Install libatomic (Debian and Ubuntu: apt-get install libatomic1) and run this again."
    : "Remove node_modules and run this again; if it stays so, see that this system is one that Node 26 runs on.";
  throw new SetupError(`The Node of the lock file doesn't run: ${output}`, remedy);
}
