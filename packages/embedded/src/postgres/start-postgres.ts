import { join } from "node:path";
import { dataFolder } from "../process/data-folder.ts";
import { freePort } from "../process/free-ports.ts";
import { startGuarded } from "../process/guarded-process.ts";
import { waitUntilReady } from "../process/wait-until-ready.ts";
import { postgresBinaries } from "./binaries.ts";
import { database, initCluster, superuser } from "./init-cluster.ts";
import { type PostgresProfile, postgresOptions } from "./postgres-settings.ts";
import { asServerUser } from "./server-user.ts";

/** Recovery after a crash under load replays at most max_wal_size, which takes some ten seconds on a slow disk. */
const startTimeoutMs = 60_000;
/** A fast shutdown writes a checkpoint; killed after this it recovers at the next start. */
const stopGraceMs = 8_000;

export interface PostgresOptions {
  /** Kept over restarts. Default: a temporary folder that is removed at the stop. */
  readonly dataDir?: string;
  /** Default: a free one. */
  readonly port?: number;
  /** Default: durable. */
  readonly profile?: PostgresProfile;
  /** Of the server, by name (postgresql.conf); they win over those of the profile. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Default: postgres.log in the data folder. */
  readonly logFile?: string;
}

export interface RunningPostgres extends AsyncDisposable {
  /** Of the database `postback`, as its superuser. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly logFile: string;
  stop(): Promise<void>;
}

/**
 * Starts a PostgreSQL 18 on 127.0.0.1, made on the first start. It ends with this process, however that ends.
 *
 * @throws StartFailure with the end of the log and what to do
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<RunningPostgres> {
  const { profile = "durable", port = await freePort() } = options;
  const folder = dataFolder("postgres", options.dataDir);
  const logFile = options.logFile ?? join(folder.path, "postgres.log");
  const binaries = await postgresBinaries();
  const password = await initCluster(binaries, folder.path, profile);
  const args = ["-D", join(folder.path, "cluster"), ...postgresOptions(profile, port, options.settings)];
  // SIGINT is PostgreSQL's fast shutdown; SIGTERM would wait for every client to leave.
  const server = startGuarded({ ...asServerUser(binaries.postgres, args), logFile, stopSignal: "SIGINT" });
  await waitUntilReady("PostgreSQL", server, "database system is ready to accept connections", startTimeoutMs);
  const stop = async (): Promise<void> => {
    await server.stop(stopGraceMs);
    folder.discard();
  };
  const url = `postgresql://${superuser}:${password}@127.0.0.1:${port}/${database}`;
  return { url, port, pid: server.pid, logFile, stop, [Symbol.asyncDispose]: stop };
}
