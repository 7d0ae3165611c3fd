import type pg from "pg";
import { backendOf } from "./end-backend.ts";
import { wasRefused } from "./failures.ts";
import type { Database } from "./open-database.ts";

/**
 * What was sent may have taken effect: its answer did not come. Read the rows to know, after `endBackend` has made sure
 * that nothing more comes of the connection.
 */
export class AmbiguousOutcome extends Error {
  readonly code = "AMBIGUOUS_OUTCOME";
  readonly retryable = true;
  readonly backendPid: number | undefined;

  constructor(cause: unknown, backendPid: number | undefined) {
    super("the answer to a statement that changes something was lost", { cause });
    this.backendPid = backendPid;
  }
}

/** How the work in a transaction wants it to end. */
export type Ending<T> =
  | {
      readonly value: T;
      /** `discard`: rolled back, and the connection is thrown away because somebody may still be using it. */
      readonly end: "commit" | "rollback" | "discard";
    }
  /**
   * One last statement that goes to the server together with COMMIT. If the server refuses it, COMMIT rolls back, and the
   * refusal is what `transact` throws.
   */
  | { readonly end: "commit-with"; lastly(): Promise<T> };

export interface TransactOptions {
  /** A statement that waits longer for a lock fails with SQLSTATE 55P03, whole milliseconds. Default: it waits. */
  readonly lockTimeoutMs?: number;
}

/**
 * Runs `work` in one transaction of its own connection and ends it as `work` says; rolls back when it throws. A
 * connection on which ROLLBACK failed, or COMMIT without an answer, is thrown away, never given back.
 * @throws AmbiguousOutcome when the answer to COMMIT was lost; when it was a refusal (a deferred constraint), that
 */
export async function transact<T>(
  db: Database,
  work: (client: pg.PoolClient) => Promise<Ending<T>>,
  { lockTimeoutMs }: TransactOptions = {},
): Promise<T> {
  const client = await db.pool.connect();
  let broken: Error | undefined = new Error("the transaction was not ended");
  try {
    await client.query(lockTimeoutMs === undefined ? "BEGIN" : `BEGIN; SET LOCAL lock_timeout = ${lockTimeoutMs}`);
    const ending = await runOrRollBack(client, work);
    const value = ending.end === "commit-with" ? await commitWith(client, ending.lastly) : ending.value;
    if (ending.end === "commit") await commit(client);
    if (ending.end === "rollback") await client.query("ROLLBACK");
    if (ending.end !== "discard") broken = undefined;
    return value;
  } catch (error) {
    if (!(error instanceof RolledBack)) throw error;
    broken = undefined;
    throw error.cause;
  } finally {
    client.release(broken);
  }
}

/** {@link transact} for work that is to be committed unless it throws. */
export function inTransaction<T>(db: Database, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  return transact(db, async (client) => ({ value: await work(client), end: "commit" }));
}

/**
 * Runs one statement that is a transaction by itself, on a connection of its own.
 * @throws AmbiguousOutcome when its answer was lost; a refusal of the server as it is
 */
export async function inOneStatement<T>(db: Database, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await db.pool.connect();
  let broken: Error | undefined;
  try {
    return await work(client);
  } catch (error) {
    if (wasRefused(error)) throw error;
    broken = error as Error;
    throw new AmbiguousOutcome(error, backendOf(client));
  } finally {
    client.release(broken);
  }
}

/** Marks a failure after which the connection is clean again. */
class RolledBack extends Error {}

async function runOrRollBack<T>(client: pg.PoolClient, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  try {
    return await work(client);
  } catch (cause) {
    if (await isRolledBack(client)) throw new RolledBack("rolled back", { cause });
    throw cause;
  }
}

/** Where it can't be, the connection is thrown away and the server rolls back: what `work` failed with says more. */
const isRolledBack = (client: pg.PoolClient): Promise<boolean> =>
  client.query("ROLLBACK").then(
    () => true,
    () => false,
  );

/** The server works one after the other, so a refused last statement makes COMMIT a ROLLBACK. */
async function commitWith<T>(client: pg.PoolClient, lastly: () => Promise<T>): Promise<T> {
  const [last, committed] = await Promise.allSettled([lastly(), commit(client)]);
  if (last.status === "rejected" && wasRefused(last.reason)) {
    const isClean = committed.status === "rejected" && committed.reason instanceof RolledBack;
    throw isClean ? new RolledBack("rolled back", { cause: last.reason }) : last.reason;
  }
  if (committed.status === "rejected") throw committed.reason;
  if (last.status === "rejected") throw new AmbiguousOutcome(last.reason, backendOf(client));
  return last.value;
}

async function commit(client: pg.PoolClient): Promise<void> {
  const { command } = await client.query("COMMIT").catch((cause: unknown) => {
    throw wasRefused(cause) ? new RolledBack("rolled back", { cause }) : new AmbiguousOutcome(cause, backendOf(client));
  });
  if (command === "ROLLBACK") {
    const cause = new Error("a statement of the transaction had failed and was not reported, so COMMIT rolled it back");
    throw new RolledBack("rolled back", { cause });
  }
}
