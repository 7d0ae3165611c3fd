import type pg from "pg";
import type { Database } from "./open-database.ts";

/** COMMIT was sent and its answer did not come: whether it took effect has to be read from the rows. */
export class AmbiguousCommit extends Error {
  readonly code = "AMBIGUOUS_COMMIT";
  readonly retryable = true;
}

/**
 * Runs `work` in one transaction of its own connection; rolls back when it throws. A connection on which ROLLBACK or
 * COMMIT failed is thrown away, never given back.
 * @throws AmbiguousCommit when the answer to COMMIT was lost
 */
export async function inTransaction<T>(db: Database, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await db.pool.connect();
  let broken: Error | undefined;
  try {
    await client.query("BEGIN");
    const result = await runOrRollBack(client, work);
    await commit(client);
    return result;
  } catch (error) {
    if (!(error instanceof RolledBack)) broken = error as Error;
    throw error instanceof RolledBack ? error.cause : error;
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
    await client.query("ROLLBACK");
    throw new RolledBack("rolled back", { cause });
  }
}

async function commit(client: pg.PoolClient): Promise<void> {
  const { command } = await client.query("COMMIT").catch((cause: unknown) => {
    throw new AmbiguousCommit("the answer to COMMIT was lost", { cause });
  });
  if (command === "ROLLBACK") {
    const cause = new Error("a statement of the transaction had failed and was not reported, so COMMIT rolled it back");
    throw new RolledBack("rolled back", { cause });
  }
}
