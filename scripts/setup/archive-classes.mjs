import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { kafkaKey } from "./fetch-kafka.mjs";
import { findJava } from "./find-java.mjs";
import { kafkaCache, pinnedNode, root } from "./paths.mjs";
import { showing } from "./progress.mjs";
import { runCommand } from "./run-command.mjs";
import { keyOf } from "./stamps.mjs";

// The archive holds for one JDK and one class path only.
const archiveKey = (/** @type {string} */ cache) => keyOf(kafkaKey(), findJava() ?? "", cache);

export function hasClassArchive(cache = kafkaCache()) {
  const record = join(cache, "classes.key");
  return existsSync(record) && readFileSync(record, "utf8") === archiveKey(cache);
}

/** Makes Kafka's AppCDS archive (its classes as the JVM holds them): the broker starts in half the time with it. */
export async function archiveClasses(cache = kafkaCache()) {
  await showing("Preparing Kafka's class archive, for quick starts", () =>
    runCommand(pinnedNode, [join(root, "scripts", "kafka", "archive-classes.ts"), cache], {
      remedy: `Remove ${cache} and run this again.`,
    }),
  );
  writeFileSync(join(cache, "classes.key"), archiveKey(cache));
}
