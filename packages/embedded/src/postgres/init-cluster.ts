import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runToEnd } from "../process/run-to-end.ts";
import type { PostgresBinaries } from "./binaries.ts";
import type { PostgresProfile } from "./postgres-settings.ts";
import { asServerUser, giveToServerUser } from "./server-user.ts";

export const superuser = "postgres";
export const database = "postback";

const wayOut = "Remove the data folder to begin with an empty database, or restore the file.";

/**
 * Makes the database cluster when the folder has none: `<dataDir>/cluster`, and beside it the superuser's password,
 * drawn at random because on a shared machine every user can reach 127.0.0.1.
 *
 * @returns the superuser's password
 */
export async function initCluster(
  binaries: PostgresBinaries,
  dataDir: string,
  profile: PostgresProfile,
): Promise<string> {
  const cluster = join(dataDir, "cluster");
  const passwordFile = join(dataDir, "password");
  if (existsSync(join(cluster, "PG_VERSION"))) return readPassword(passwordFile);
  const password = randomBytes(18).toString("base64url");
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  writeFileSync(passwordFile, password, { mode: 0o600 });
  try {
    await makeCluster(binaries, cluster, passwordFile, profile);
  } catch (error) {
    // A half-made cluster would be taken for a whole one the next time.
    rmSync(cluster, { recursive: true, force: true });
    throw error;
  }
  return password;
}

async function makeCluster(
  binaries: PostgresBinaries,
  cluster: string,
  passwordFile: string,
  profile: PostgresProfile,
): Promise<void> {
  mkdirSync(cluster, { recursive: true, mode: 0o700 });
  giveToServerUser(cluster);
  // Postgres' own C.UTF-8 sorts alike on every machine, whatever locales it has.
  const locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"];
  const access = [`--username=${superuser}`, "--auth=scram-sha-256", `--pwfile=${passwordFile}`];
  const speed = profile === "test" ? ["--no-sync"] : [];
  const initdb = asServerUser(binaries.initdb, [`--pgdata=${cluster}`, ...access, ...locale, ...speed]);
  await runToEnd("initdb", initdb.command, initdb.args);
  const single = asServerUser(binaries.postgres, ["--single", "-D", cluster, "postgres"]);
  // It exits 0 also when a statement fails, on a full disk for one.
  const failure = /\b(?:ERROR|FATAL|PANIC): /;
  await runToEnd("postgres --single", single.command, single.args, { input: `CREATE DATABASE ${database}\n`, failure });
}

function readPassword(file: string): string {
  if (!existsSync(file)) throw new Error(`The password of the database is missing (${file}). ${wayOut}`);
  return readFileSync(file, "utf8");
}
