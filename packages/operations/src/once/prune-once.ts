import type { Pool } from "pg";
import { limits } from "../limits.ts";

export interface PruneOnceOptions {
  /** Milliseconds; default 60 days, at least 31: an operation may run for 30. */
  readonly olderThanMs?: number;
  /** Deleted at most by this call; default 10 000. */
  readonly rowsMax?: number;
}

/**
 * Deletes old rows of `onceIn`, the oldest first, and writes down up to when: an operation from before that time, a stuck one say,
 * is then told apart from one that was never begun. Call it now and then from a job of yours, again while it gives `rowsMax`.
 * @returns how many it deleted
 * @throws {RangeError} for an age below 31 days
 */
export async function pruneOnce(
  pool: Pick<Pool, "query">,
  { olderThanMs = limits.onceKeptDefaultMs, rowsMax = 10_000 }: PruneOnceOptions = {},
): Promise<number> {
  if (!(olderThanMs >= limits.onceKeptMinMs)) {
    throw new RangeError(
      `olderThanMs ${olderThanMs} must be at least ${limits.onceKeptMinMs}: operations may run that long`,
    );
  }
  // Committed before anything goes: who finds no row finds this.
  const { rows } = await pool.query<{ before: string }>(
    `insert into postback_once_pruned as known (before) values (now() - $1 * interval '1 millisecond')
     on conflict (one) do update set before = greatest(known.before, excluded.before)
     returning before::text`,
    [olderThanMs],
  );
  const { rowCount } = await pool.query(
    `delete from postback_once where ctid = any (array(
       select ctid from postback_once where at < $1::timestamptz order by at limit $2 for update skip locked))`,
    [rows[0]?.before, rowsMax],
  );
  return rowCount ?? 0;
}
