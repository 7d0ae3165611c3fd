import { spawnSync } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { delimiter, join } from "node:path";
import { SetupError } from "./setup-error.mjs";

const oldest = 17;
const extension = process.platform === "win32" ? ".exe" : "";

const waysOut = `Either install Java ${oldest} or newer and Maven (Debian, Ubuntu: \`apt-get install default-jdk-headless maven\`; macOS: \`brew install openjdk maven\`),
or use brokers of your own: \`docker compose up -d\` and set KAFKA_BROKERS=localhost:9092 and DATABASE_URL=postgresql://postback:postback@localhost:5432/postback.`;

/**
 * The Java that the embedded broker runs on: JAVA_HOME's, else the first on PATH. It is not run, so this costs nothing.
 *
 * @returns {string | undefined} its real path, which tells one JDK from another
 */
export function findJava(env = process.env) {
  const folders = env.JAVA_HOME ? [join(env.JAVA_HOME, "bin")] : (env.PATH ?? "").split(delimiter);
  const found = folders.map((folder) => join(folder, `java${extension}`)).find((file) => existsSync(file));
  return found && realpathSync(found);
}

/** Throws, naming the ways out, when Java 17 or Maven lack. */
export function checkJavaAndMaven() {
  const java = findJava();
  if (!java) throw new SetupError("The embedded Kafka broker needs Java, and there is none.", waysOut);
  const version = javaVersion(java);
  if (version === undefined) throw new SetupError(`${java} does not run.`, waysOut);
  if (version < oldest)
    throw new SetupError(`The embedded Kafka broker needs Java ${oldest}; this is ${version}.`, waysOut);
  if (spawnSync("mvn", ["-v"], { shell: process.platform === "win32" }).status !== 0) {
    throw new SetupError("Maven (mvn), which fetches the embedded Kafka broker, is not there.", waysOut);
  }
}

/**
 * @param {string} java
 * @returns {number | undefined}
 */
function javaVersion(java) {
  const { stderr, status } = spawnSync(java, ["-version"], { encoding: "utf8" });
  const version = /version "(?:1\.)?(\d+)/.exec(stderr ?? "")?.[1];
  return status === 0 && version ? Number(version) : undefined;
}

/** Whether containers could serve in place of the embedded broker. */
export function dockerAnswers() {
  return spawnSync("docker", ["version", "--format", "{{.Server.Version}}"], { timeout: 2_000 }).status === 0;
}
