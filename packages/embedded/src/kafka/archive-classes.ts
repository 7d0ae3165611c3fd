import { existsSync, renameSync, rmSync } from "node:fs";
import { kafkaFiles } from "./kafka-files.ts";
import { startKafkaWith } from "./start-kafka.ts";

/** Writing the archive at the end of the run takes some 5 s on two cores. */
const archiveTimeoutMs = 120_000;

/**
 * Makes the class archive (AppCDS, JEP 350) that {@link startKafka} uses: runs a broker once, and has the JVM write
 * down the classes that it loaded.
 *
 * @param cacheDir the folder that has Kafka in `libs`
 */
export async function archiveKafkaClasses(cacheDir: string): Promise<void> {
  const files = kafkaFiles(cacheDir);
  const unfinished = `${files.classArchive}.partial`;
  rmSync(files.classArchive, { force: true });
  const kafka = await startKafkaWith(files, { profile: "test" }, [`-XX:ArchiveClassesAtExit=${unfinished}`]);
  await kafka.stop(archiveTimeoutMs);
  if (!existsSync(unfinished)) throw new Error("Java wrote no class archive");
  renameSync(unfinished, files.classArchive);
}
