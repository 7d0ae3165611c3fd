import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { nowUs } from "../measure/clock.ts";
import { Histogram, type LatencySummary } from "../measure/histogram.ts";

const doneWithinMs = 60_000;
const pollMs = 100;

export interface DoneWrites {
  /** From when a write was due to when its last step was done, as Postgres wrote it down. */
  readonly effect: LatencySummary;
  /** Those that were taken and aren't done. */
  readonly undone: number;
}

/** Waits until all that was taken is done, at most a minute. */
export async function untilDone(
  db: pg.Client,
  prefix: string,
  taken: ReadonlyMap<string, number>,
  signal: AbortSignal,
): Promise<DoneWrites> {
  const deadlineMs = performance.now() + doneWithinMs;
  let done = await doneOf(db, prefix);
  while (done.length < taken.size && performance.now() < deadlineMs) {
    await sleep(pollMs, undefined, { signal });
    done = await doneOf(db, prefix);
  }
  const aheadUs = await postgresAheadUs(db);
  const effect = new Histogram();
  for (const { id, doneAtUs } of done) {
    const dueAtUs = taken.get(id);
    if (dueAtUs !== undefined) effect.record(doneAtUs - aheadUs - dueAtUs);
  }
  const summary = effect.summary();
  return { effect: summary, undone: taken.size - summary.count };
}

async function doneOf(db: pg.Client, prefix: string): Promise<{ id: string; doneAtUs: number }[]> {
  const { rows } = await db.query<{ id: string; doneAtUs: number }>(
    `SELECT id, extract(epoch FROM done_at)::double precision * 1e6 AS "doneAtUs"
     FROM compare.orders WHERE starts_with(id, $1) AND done_at IS NOT NULL`,
    [prefix],
  );
  return rows;
}

const clockReadings = 50;

/** How far the clock of Postgres is ahead of `nowUs`: of several readings the one that took the shortest counts. */
async function postgresAheadUs(db: pg.Client): Promise<number> {
  let best = { tookUs: Number.POSITIVE_INFINITY, aheadUs: 0 };
  for (let reading = 0; reading < clockReadings; reading += 1) {
    const beganUs = nowUs();
    const { rows } = await db.query<{ us: number }>(
      "SELECT extract(epoch FROM clock_timestamp())::double precision * 1e6 AS us",
    );
    const tookUs = nowUs() - beganUs;
    if (tookUs < best.tookUs) best = { tookUs, aheadUs: (rows[0]?.us ?? 0) - beganUs - tookUs / 2 };
  }
  return best.aheadUs;
}
