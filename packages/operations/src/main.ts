#!/usr/bin/env node
/** The command `postback-operations`; see the help below. */
import { parseArgs } from "node:util";
import { checkOperations } from "./cli/check-operations.ts";

const help = `Usage: postback-operations check [<catalogs>] [--against <lock>] [--write <lock>]

Loads catalogs as ingest and processor do, and proves them: every step says how it is undone, every event has a schema,
every example is accepted, names and bounds hold. Prints what was proved; exits 1 with each problem.

  <catalogs>        packages or paths, separated by commas (default: POSTBACK_CATALOG)
  --against <lock>  fails also when a revision that the lock file has is gone, or when its steps, their order, its entity
                    type or its events' schemas aren't as they were; and when the lock file lacks something
  --write <lock>    writes the lock file. Commit it: its changes are to be seen in a review
  --help            shows this
`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { against: { type: "string" }, write: { type: "string" }, help: { type: "boolean", short: "h" } },
  });
  if (values.help) {
    console.log(help);
    return 0;
  }
  const [command, given, ...rest] = positionals;
  const catalogs = given ?? process.env["POSTBACK_CATALOG"] ?? "";
  if (command !== "check" || rest.length > 0 || catalogs.trim() === "") {
    console.error(command === "check" ? `Which catalog?\n\n${help}` : help);
    return 1;
  }
  const { report, problems } = await checkOperations({ catalogs, from: process.cwd(), ...values });
  if (report !== "") console.log(report);
  for (const problem of problems) console.error(`✗ ${problem}`);
  if (problems.length === 0) console.log(values.write === undefined ? "✓ All is right" : `✓ Wrote ${values.write}`);
  return problems.length === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
