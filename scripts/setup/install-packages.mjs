import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { checkPinnedNode } from "./check-pinned-node.mjs";
import { nodeModules, pinnedNode, root } from "./paths.mjs";
import { showing } from "./progress.mjs";
import { outsideEnvironment, runCommand } from "./run-command.mjs";
import { SetupError } from "./setup-error.mjs";
import { isStamped, keyOf, stamp } from "./stamps.mjs";
import { treeMatches } from "./tree-matches.mjs";

/** The key of what must be installed; part of the keys of all that is made from it. */
export function packagesKey() {
  return keyOf(readFileSync(join(root, "package-lock.json")));
}

/** Brings node_modules to the state of package-lock.json, when it isn't there already. */
export async function installPackages() {
  const key = packagesKey();
  if (isStamped("packages", key) && existsSync(pinnedNode)) return;
  if (!isInstalled()) await install();
  if (!existsSync(pinnedNode)) throw noPinnedNode();
  checkPinnedNode();
  stamp("packages", key);
}

function isInstalled() {
  const record = join(nodeModules, ".package-lock.json");
  if (!existsSync(record)) return false;
  return treeMatches(read(join(root, "package-lock.json")), read(record));
}

async function install() {
  // Without install scripts: no package runs code of its own here, what is needed of it is done by the steps after this.
  const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  await showing("Installing the packages of package-lock.json (about 700 MB, 1 min the first time)", async (say) => {
    await runCommand("npm", args, {
      env: outsideEnvironment(),
      remedy: "Look at npm's message above; behind a proxy or a mirror, set it with `npm config set registry|proxy`.",
    });
    const { files, bytes } = sizeOf(nodeModules);
    say(`${files.toLocaleString("en")} files, ${Math.round(bytes / 1e6)} MB`);
  });
}

function noPinnedNode() {
  return new SetupError(
    `npm installed no Node for ${process.platform} on ${process.arch}.`,
    "Postback runs on Linux and macOS (x64, arm64) and on Windows (x64). There, see that `npm config get omit` doesn't name `optional`.",
  );
}

/**
 * @param {string} folder
 * @returns {{ files: number, bytes: number }}
 */
function sizeOf(folder) {
  const sum = { files: 0, bytes: 0 };
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    sum.files += 1;
    sum.bytes += statSync(join(entry.parentPath ?? entry.path, entry.name)).size;
  }
  return sum;
}

/** @param {string} file */
function read(file) {
  return JSON.parse(readFileSync(file, "utf8"));
}
