import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { packagesKey } from "./install-packages.mjs";
import { nodeModules, pinnedNode, root } from "./paths.mjs";
import { showing } from "./progress.mjs";
import { runCommand } from "./run-command.mjs";
import { isStamped, keyOf, stamp } from "./stamps.mjs";

const schema = join(root, "prisma", "schema.prisma");
const generated = join(root, "packages", "database", "src", "generated");

/** Generates the typed database client from prisma/schema.prisma. */
export async function generateClient() {
  if (!existsSync(schema)) return;
  const key = keyOf(packagesKey(), readFileSync(schema));
  if (isStamped("client", key) && existsSync(generated)) return;
  await showing("Generating the database client", () =>
    runCommand(pinnedNode, [join(nodeModules, "prisma", "build", "index.js"), "generate", "--no-hints"], {
      env: prismaEnvironment(),
      remedy: "Correct prisma/schema.prisma at the place named above.",
    }),
  );
  stamp("client", key);
}

function prismaEnvironment() {
  return {
    ...process.env,
    // Every command wants its native engine to exist and would download it. `generate` never runs it, so any file will do.
    PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
    CHECKPOINT_DISABLE: "1",
    PRISMA_HIDE_UPDATE_MESSAGE: "1",
  };
}
