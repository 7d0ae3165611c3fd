import type { ReceivedStore } from "@postback/receiver";
import type { Pool, PoolClient } from "pg";

/** Remembers what was received in the receiver's own PostgreSQL, in the transaction that does the work. */
export const postgresStore = (pool: Pool): ReceivedStore<PoolClient> => ({
  async once(key, work) {
    const client = await pool.connect();
    let isBroken = true;
    try {
      await client.query("BEGIN");
      // Another that has the same key and isn't done is waited for here.
      const sql = "INSERT INTO received_webhooks (key) VALUES ($1) ON CONFLICT DO NOTHING";
      const { rowCount } = await client.query(sql, [key]);
      if (rowCount === 1) await work(client);
      await client.query("COMMIT");
      isBroken = false;
      return rowCount === 1 ? "done" : "repeated";
    } finally {
      // A connection that is thrown away rolls back.
      client.release(isBroken);
    }
  },
});
