import { existsSync, readdirSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const checkout = fileURLToPath(new URL("../../../../", import.meta.url));

/** What scripts/setup.mjs has fetched. */
export interface KafkaFiles {
  /** Every jar by its absolute path, sorted: the class archive holds for exactly this path. */
  readonly classPath: string;
  /** The AppCDS archive; it may not be there. */
  readonly classArchive: string;
}

/** @throws Error that says how to get Kafka when it isn't there */
export function kafkaFiles(cacheDir = defaultCache()): KafkaFiles {
  const libs = join(cacheDir, "libs");
  if (!existsSync(libs)) {
    throw new Error(
      `Kafka is not in ${libs}: run \`node scripts/setup.mjs\` (it needs Java 17 or newer and Maven), or use a broker of your own (\`docker compose up -d\`) and set KAFKA_BROKERS.`,
    );
  }
  const jars = readdirSync(libs).filter((name) => name.endsWith(".jar"));
  const classPath = jars.sort().map((name) => join(libs, name));
  return { classPath: classPath.join(delimiter), classArchive: join(cacheDir, "classes.jsa") };
}

/** The Java to run Kafka on: JAVA_HOME's, else the first on PATH. */
export function javaCommand(): string {
  const home = process.env["JAVA_HOME"];
  return home ? join(home, "bin", "java") : "java";
}

function defaultCache(): string {
  const given = process.env["POSTBACK_CACHE"];
  return join(given ? resolve(given) : join(checkout, ".postback"), "kafka");
}
