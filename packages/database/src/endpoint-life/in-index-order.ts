import type { Database } from "../open-database.ts";
import { run, statement, type TransactionClient } from "../statement.ts";
import { inTransaction } from "../transaction.ts";

const settings = statement(
  "in_index_order",
  "SELECT set_config('enable_sort', 'off', true), set_config('enable_bitmapscan', 'off', true)",
);

/**
 * Reads in the order of an index, so that a limit is one of what is read: statistics can't know how much waits for an
 * endpoint, and where they say little, Postgres would collect or sort all of it before it takes the first few.
 */
export function inIndexOrder<T>(db: Database, read: (client: TransactionClient) => Promise<T>): Promise<T> {
  return inTransaction(db, async (client) => {
    await run(client, settings, []);
    return await read(client);
  });
}
