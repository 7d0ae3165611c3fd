import type { Database } from "../open-database.ts";

/**
 * Does the work unless another process of this installation is doing it now.
 * @param name of the work, `upkeep`
 * @returns undefined when another one is
 */
export async function oneAtATime<T>(db: Database, name: string, work: () => Promise<T>): Promise<T | undefined> {
  const client = await db.pool.connect();
  try {
    const { rows } = await client.query<{ ours: boolean }>("SELECT pg_try_advisory_lock(hashtext($1)) AS ours", [
      `postback.${name}`,
    ]);
    return rows[0]?.ours ? await work() : undefined;
  } finally {
    // Thrown away: the lock ends with its session, whatever became of the work.
    client.release(true);
  }
}
