#!/usr/bin/env node
// Plain JavaScript for any Node ≥ 20: sets up what is missing, then runs every check that doesn't need Kafka.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { nodeModules, root } from "./setup/paths.mjs";
import { explain } from "./setup/setup-error.mjs";
import { setUp } from "./setup.mjs";

const help = `Usage: npm run check [-- --force]

Runs the checks that need no Kafka, side by side; one whose files haven't changed since it was green is not run again.

  check:format     Biome: format and lint
  check:types      TypeScript
  check:unused     Knip: files, exports and dependencies that nothing uses, or that are used undeclared
  check:generated  the documents made from code are current
  check:schema     prisma/schema.prisma agrees with the migrations, on a PostgreSQL of its own
  check:operations the shop's operations are sound, and keep what their lock file says

  --force   runs all of them
  --help    shows this
`;

const checks = ["check:format", "check:types", "check:unused", "check:generated", "check:schema", "check:operations"];

/** Turborepo sends nothing home from here. */
const silent = { TURBO_TELEMETRY_DISABLED: "1", DO_NOT_TRACK: "1", TURBO_NO_UPDATE_NOTIFIER: "1" };

/** @param {string[]} args */
async function main(args) {
  if (args.includes("--help")) return void process.stdout.write(help);
  await setUp({ kafka: "none" });
  process.exitCode = await runChecks(args.includes("--force") ? ["--force"] : []);
}

/**
 * Runs them all, also after one has failed, and shows the output of those that did.
 *
 * @param {string[]} options
 * @returns {Promise<number>} Turborepo's exit code
 */
function runChecks(options) {
  const windows = process.platform === "win32";
  const turbo = join(nodeModules, ".bin", windows ? "turbo.cmd" : "turbo");
  const args = ["run", ...checks, "--continue=always", "--output-logs=errors-only", "--log-order=grouped", ...options];
  return new Promise((resolve, reject) => {
    const child = spawn(turbo, args, {
      cwd: root,
      env: { ...process.env, ...silent },
      stdio: "inherit",
      shell: windows,
    });
    child.on("error", reject);
    child.on("exit", (code) => resolve(code ?? 1));
  });
}

main(process.argv.slice(2)).catch((error) => {
  const { message, remedy } = explain(error);
  process.stderr.write(`\nThe checks did not run: ${message}\n\n${remedy}\n`);
  process.exitCode = 1;
});
