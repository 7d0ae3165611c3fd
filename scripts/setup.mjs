#!/usr/bin/env node
// Plain JavaScript for any Node ≥ 20: it runs before anything is installed.
import { realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { applyPatches } from "./setup/apply-patches.mjs";
import { archiveClasses, hasClassArchive } from "./setup/archive-classes.mjs";
import { checkNode } from "./setup/check-node.mjs";
import { fetchKafka, hasKafka } from "./setup/fetch-kafka.mjs";
import { checkJavaAndMaven, dockerAnswers } from "./setup/find-java.mjs";
import { generateClient } from "./setup/generate-client.mjs";
import { installPackages } from "./setup/install-packages.mjs";
import { linkPostgres } from "./setup/link-postgres.mjs";
import { oneAtATime } from "./setup/one-at-a-time.mjs";
import { explain, SetupError } from "./setup/setup-error.mjs";

const help = `Usage: node scripts/setup.mjs [--no-kafka]

Brings a fresh clone to where it runs, and does nothing when it is there already:
  1 the packages of package-lock.json (npm ci, without install scripts) and the patches in patches/
  2 the database client, generated from prisma/schema.prisma
  3 Apache Kafka's jars (Maven) and their class archive, for the embedded broker

  --no-kafka   leaves 3 out; so does KAFKA_BROKERS, which names a broker of your own
  --help       shows this

  POSTBACK_CACHE   folder that keeps Kafka (default: .postback)

Needs Node ≥ 20; for 3 Java ≥ 17 and Maven, unless a Docker engine answers, which the tests can use as well.
`;

/**
 * Does what of the set-up isn't done yet.
 *
 * @param {{ kafka?: "embedded" | "embedded-or-docker" | "none" }} [options]
 *   embedded: the embedded broker must be there at the end; embedded-or-docker (default): a Docker engine will do when
 *   Java or Maven lack; none: no broker is set up. With KAFKA_BROKERS in the environment it is always none.
 * @throws {import("./setup/setup-error.mjs").SetupError} `message` says what happened, `remedy` what to do
 */
export async function setUp({ kafka = "embedded-or-docker" } = {}) {
  checkNode();
  const { KAFKA_BROKERS: brokers } = process.env;
  await oneAtATime(async () => {
    await installPackages();
    await applyPatches();
    await linkPostgres();
    await generateClient();
    if (kafka !== "none" && !brokers) await setUpKafka(kafka);
  });
}

/** @param {"embedded" | "embedded-or-docker"} kafka */
async function setUpKafka(kafka) {
  const complete = hasKafka();
  if (complete && hasClassArchive()) return;
  try {
    checkJavaAndMaven();
  } catch (error) {
    if (kafka === "embedded" || !dockerAnswers()) throw error;
    process.stderr.write(
      "  No Java or Maven here: a Docker engine answers, so the tests take their brokers from there.\n",
    );
    return;
  }
  if (!complete) await fetchKafka();
  await archiveClasses();
}

function readOptions() {
  try {
    return parseArgs({ options: { "no-kafka": { type: "boolean" }, help: { type: "boolean", short: "h" } } }).values;
  } catch (cause) {
    throw new SetupError(cause instanceof Error ? cause.message : String(cause), help, { cause });
  }
}

async function main() {
  const values = readOptions();
  if (values.help) return void process.stdout.write(help);
  await setUp(values["no-kafka"] ? { kafka: "none" } : {});
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  main().catch((error) => {
    const { message, remedy } = explain(error);
    process.stderr.write(`\nThe set-up stopped: ${message}\n\n${remedy}\n`);
    process.exitCode = 1;
  });
}
