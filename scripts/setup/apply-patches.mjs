import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { packagesKey } from "./install-packages.mjs";
import { nodeModules, pinnedNode, root } from "./paths.mjs";
import { showing } from "./progress.mjs";
import { runCommand } from "./run-command.mjs";
import { isStamped, keyOf, stamp } from "./stamps.mjs";

/** Applies patches/ to node_modules; a patch that no longer fits is an error. */
export async function applyPatches() {
  const patches = patchFiles();
  const key = keyOf(packagesKey(), ...patches.map((file) => readFileSync(file)));
  if (patches.length === 0 || isStamped("patches", key)) return;
  await showing(`Applying ${patches.length === 1 ? "1 patch" : `${patches.length} patches`}`, () =>
    runCommand(pinnedNode, [join(nodeModules, "patch-package", "index.js"), "--error-on-fail"], {
      remedy: "The patch doesn't fit the installed package: remove node_modules and run this again.",
    }),
  );
  stamp("patches", key);
}

function patchFiles() {
  const folder = join(root, "patches");
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => name.endsWith(".patch"));
  return names.sort().map((name) => join(folder, name));
}
