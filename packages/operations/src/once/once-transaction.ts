import type { Pool, PoolClient } from "pg";
import { limits } from "../limits.ts";
import { tryLater } from "../refusal.ts";

/**
 * Both bound what a process that was stopped in the middle, or cut off, costs the others: the server ends its transaction after
 * the first, and who waits for the same key waits longer than that.
 */
const begin = `begin isolation level read committed;
set local idle_in_transaction_session_timeout = ${limits.onceIdleMaxMs};
set local lock_timeout = ${limits.onceLockWaitMaxMs}`;

/**
 * Works in one transaction on a connection of the pool. When the signal is aborted the connection is closed at once, so that
 * nothing can be committed any more by work whose time is over.
 * @throws what the work throws, after the rollback; when COMMIT fails, it may have been done all the same
 */
export async function onceTransaction<T>(
  pool: Pick<Pool, "connect">,
  signal: AbortSignal,
  work: (client: PoolClient) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const client = await pool.connect();
  const held = holding(client);
  const onAbort = () => held.release(true);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    signal.throwIfAborted();
    await client.query(begin);
    const value = await work(client);
    signal.throwIfAborted();
    await commit(client);
    held.release(false);
    return value;
  } catch (error) {
    held.release(!(await rollBack(client)));
    throw error;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** A client that is checked out has no listener of its pool: the end of its connection would end the process. */
function holding(client: PoolClient): { release(destroy: boolean): void } {
  const onError = () => {
    // Every statement on it fails from now on, and says why.
  };
  client.on("error", onError);
  let released = false;
  return {
    release: (destroy) => {
      if (released) return;
      released = true;
      if (!destroy) client.off("error", onError);
      client.release(destroy);
    },
  };
}

/** A failed statement that the work caught makes COMMIT a rollback, which is no error to the server. */
async function commit(client: PoolClient): Promise<void> {
  const { command } = await client.query("commit");
  if (command !== "COMMIT") {
    throw tryLater("A statement had failed, so the transaction was rolled back", {
      code: "once-rolled-back",
      effect: "none",
    });
  }
}

/** False where the connection can't be used any more; without it the server rolls back by itself. */
const rollBack = (client: PoolClient): Promise<boolean> =>
  client.query("rollback").then(
    () => true,
    () => false,
  );
