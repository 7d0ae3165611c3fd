import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";
import { CoalescingClient } from "./coalescing-client.ts";
import { PrismaClient } from "./generated/client.ts";
import { WalledPool } from "./wall/walled-pool.ts";

/** Where expected trouble of the connection is told; the shape of pino's methods. */
export interface DatabaseLogger {
  warn(fields: object, message: string): void;
}

export interface DatabaseOptions {
  url: string;
  /** Shown in `pg_stat_activity`. */
  applicationName: string;
  /** Connections at most. Default 10. */
  poolMax?: number;
  /** A statement that takes longer is cancelled by the server, milliseconds. Default 10 000. */
  statementTimeoutMs?: number;
  /** A transaction that sits idle longer is ended by the server, so that a stopped process can't hold a fence. Default 5 000. */
  idleInTransactionTimeoutMs?: number;
  /** A connection that isn't there by then is an error, milliseconds. Default 3 000. */
  connectTimeoutMs?: number;
  /** Each statement works for the tenant of `asTenant`, and row-level security sees to it. Default false. */
  walled?: boolean;
  logger: DatabaseLogger;
}

/** One pool: set-based SQL of the hot paths and Prisma's typed queries of the management API share it. */
export interface Database extends AsyncDisposable {
  readonly pool: pg.Pool;
  readonly prisma: PrismaClient;
  close(): Promise<void>;
}

/** Opens nothing yet: the first statement connects. */
export function openDatabase(options: DatabaseOptions): Database {
  const Pool = options.walled ? WalledPool : pg.Pool;
  const pool = new Pool({
    Client: CoalescingClient,
    connectionString: options.url,
    application_name: options.applicationName,
    max: options.poolMax ?? 10,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 3_000,
    idleTimeoutMillis: 60_000,
    statement_timeout: options.statementTimeoutMs ?? 10_000,
    idle_in_transaction_session_timeout: options.idleInTransactionTimeoutMs ?? 5_000,
    keepAlive: true,
    // COMMIT goes with a transaction's last statement: a round trip less for which its locks are held.
    pipeline: true,
    // Its estimates are of batches that are never that large; compiling takes longer than the statements.
    options: "-c jit=off",
  });
  // An idle connection that the server ends raises 'error' on the pool; without a listener that ends the process.
  pool.on("error", (error) => options.logger.warn({ error: error.message }, "database.connection_lost"));
  // So does one in use, on itself. Its next statement fails, and that is where it is told.
  pool.on("connect", (client) => client.on("error", () => undefined));
  // Made when it is first used: processors and dispatchers never do, and its query compiler takes memory.
  let prisma: PrismaClient | undefined;
  const close = async () => {
    await prisma?.$disconnect();
    await pool.end();
  };
  return {
    pool,
    get prisma() {
      prisma ??= new PrismaClient({ adapter: new PrismaPg(pool, { disposeExternalPool: false }) });
      return prisma;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
