import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { kafkaCache, root } from "./paths.mjs";
import { showing } from "./progress.mjs";
import { runCommand } from "./run-command.mjs";
import { keyOf } from "./stamps.mjs";

const pom = join(root, "scripts", "kafka", "pom.xml");

/** The key of the jars that must be there. */
export function kafkaKey() {
  return keyOf(readFileSync(pom));
}

/** Whether the jars in the cache are those of the pom. */
export function hasKafka(cache = kafkaCache()) {
  const record = join(cache, "libs.key");
  return existsSync(record) && readFileSync(record, "utf8") === kafkaKey() && existsSync(join(cache, "libs"));
}

/** Fetches the jars of Apache Kafka with Maven into the cache; they appear there all at once or not at all. */
export async function fetchKafka(cache = kafkaCache()) {
  mkdirSync(cache, { recursive: true });
  const partial = join(cache, "libs.partial");
  rmSync(partial, { recursive: true, force: true });
  await showing("Fetching Apache Kafka 4.4.0 with Maven (45 jars, 45 MB)", async (say) => {
    await copyJars(partial, say);
    const { count, megabytes } = jarsIn(partial);
    say(`${count} jars, ${megabytes} MB`);
  });
  const libs = join(cache, "libs");
  rmSync(libs, { recursive: true, force: true });
  renameSync(partial, libs);
  writeFileSync(join(cache, "libs.key"), kafkaKey());
}

/**
 * @param {string} folder
 * @param {(detail: string) => void} say
 */
async function copyJars(folder, say) {
  let fetched = 0;
  const args = [
    "-B",
    "-f",
    pom,
    "dependency:copy-dependencies",
    "-DincludeScope=runtime",
    `-DoutputDirectory=${folder}`,
  ];
  await runCommand("mvn", args, {
    onLine: (line) => {
      if (!/Downloaded from .*\.jar /.test(line)) return;
      fetched += 1;
      // Maven's own plugins come first, so the count says that it moves, not how far it is.
      say(`${fetched} downloads, last ${line.slice(line.lastIndexOf("/") + 1)}`);
    },
    remedy:
      "Maven could not fetch the jars: see its message above. Behind a proxy or a mirror, name it in ~/.m2/settings.xml; or use a broker of your own with KAFKA_BROKERS.",
  });
}

/** @param {string} folder */
function jarsIn(folder) {
  const jars = readdirSync(folder).filter((name) => name.endsWith(".jar"));
  const bytes = jars.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
  return { count: jars.length, megabytes: Math.round(bytes / 1e6) };
}
