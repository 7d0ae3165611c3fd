import { newId, uuidV7At } from "@postback/domain";
import { describe, expect, it } from "vitest";
import { recordOutcomes } from "../dispatch/record-outcomes.ts";
import { loadOperation } from "../operations/load-operation.ts";
import { projectCommands } from "../operations/project-commands.ts";
import { moveWatermarks } from "../processing/watermarks.ts";
import { useDatabase } from "../test-rig.ts";
import { aCommand, aDelivery, anAttempt, anEndpoint, anEvent, outcomesOf, ownPartition } from "../test-rows.ts";
import { deleteOldKeys } from "./delete-old-keys.ts";
import { dropRange } from "./drop-range.ts";
import { ensureRanges } from "./ensure-ranges.ts";
import { droppingMark, oldRanges } from "./old-ranges.ts";
import { oneAtATime } from "./one-at-a-time.ts";
import { rangeHolds } from "./range-holds.ts";

const rig = useDatabase();
const dayMs = 86_400_000;
const tables = ["operations", "events", "deliveries"] as const;

interface PastWeek {
  week: string;
  startMs: number;
  /** A time within it. */
  middleMs: number;
}

let weeksAgo = 10;
/** A range of a past week, as it was made when the week was ahead; each test has one of its own. */
async function pastWeek(ago?: number): Promise<PastWeek> {
  weeksAgo += 1;
  const [row] = await rig.query<{ week: string; startMs: number }>(
    `SELECT to_char(starts, 'YYYYMMDD') AS week,
       (extract(epoch FROM starts AT TIME ZONE 'UTC') * 1000)::double precision AS "startMs"
     FROM (SELECT date_trunc('week', now() AT TIME ZONE 'UTC') - make_interval(weeks => $1) AS starts) AS w`,
    [ago ?? weeksAgo],
  );
  if (!row) throw new Error("a week");
  const [from, to] = [row.startMs, row.startMs + 7 * dayMs].map((timeMs) => floorOf(timeMs));
  for (const table of tables) {
    await rig.query(`CREATE TABLE ${table}_${row.week} PARTITION OF ${table} FOR VALUES FROM ('${from}') TO ('${to}')`);
  }
  return { ...row, middleMs: row.startMs + 3 * dayMs };
}

/** The border as `uuid_floor` writes it, without version bits. */
const floorOf = (timeMs: number) => `${timeMs.toString(16).padStart(12, "0")}00000000000000000000`;

const idAt = (timeMs: number) => uuidV7At(timeMs, crypto.getRandomValues(new Uint8Array(10)));

const rangesOf = async (week: string) =>
  (
    await rig.query<{ name: string }>(
      `SELECT c.relname AS name FROM pg_class c WHERE c.relname IN ($1, $2, $3) ORDER BY 1`,
      tables.map((table) => `${table}_${week}`),
    )
  ).map(({ name }) => name);

const allOf = (week: string) => tables.map((table) => `${table}_${week}`).sort();

/** An operation of that time, ended or not. */
async function anOperationAt(timeMs: number, { ended }: { ended: boolean }) {
  const command = aCommand({ id: idAt(timeMs) });
  await projectCommands(rig.db, [command]);
  if (ended) {
    await rig.query("UPDATE operations SET status = 'succeeded', completed_at = now(), position = 1 WHERE id = $1", [
      command.id,
    ]);
  }
  return command;
}

async function aDeliveryAt(timeMs: number, status: "pending" | "sending" | "delivered" | "exhausted") {
  const delivery = aDelivery(await anEndpoint(rig.db), {
    eventId: idAt(timeMs),
    status,
    ...(status === "pending" || status === "sending" ? {} : { dueInMs: undefined, attempt: anAttempt() }),
  });
  await recordOutcomes(rig.db, outcomesOf([delivery]));
  return delivery;
}

describe("old ranges", () => {
  it("are the weeks that lie wholly before the days given, the oldest first", async () => {
    const [older, newer] = [await pastWeek(), await pastWeek(8)];
    const ageDays = (Date.now() - newer.startMs) / dayMs - 7;
    const found = await oldRanges(rig.db, Math.floor(ageDays));
    expect(found.slice(found.indexOf(older.week))).toEqual([older.week, newer.week]);
    expect(await oldRanges(rig.db, Math.ceil(ageDays))).not.toContain(newer.week);
    expect(await oldRanges(rig.db, 3_650)).toEqual([]);
  });
});

describe("a week", () => {
  it("of finished rows is held by nothing, is dropped, and its ids are known no more", async () => {
    const { week, middleMs } = await pastWeek();
    const operation = await anOperationAt(middleMs, { ended: true });
    await aDeliveryAt(middleMs, "delivered");
    await aDeliveryAt(middleMs, "exhausted");
    expect(await rangeHolds(rig.db, week)).toEqual([]);
    expect(await loadOperation(rig.db, operation.tenantId, operation.id)).toBeDefined();
    await dropRange(rig.db, week);
    expect(await rangesOf(week)).toEqual([]);
    expect(await loadOperation(rig.db, operation.tenantId, operation.id)).toBeUndefined();
    expect(await oldRanges(rig.db, 30)).not.toContain(week);
  });

  it.each(["pending", "sending"] as const)("is held by a delivery that is %s", async (status) => {
    const { week, middleMs } = await pastWeek();
    const { eventId } = await aDeliveryAt(middleMs, status);
    expect(await rangeHolds(rig.db, week)).toEqual(["delivery"]);
    await rig.query("UPDATE deliveries SET status = 'expired', completed_at = now() WHERE event_id = $1", [eventId]);
    expect(await rangeHolds(rig.db, week)).toEqual([]);
  });

  it.each([
    ["waits for its admission", "UPDATE operations SET position = NULL WHERE id = $1"],
    ["was admitted", "UPDATE operations SET position = 7, status = 'stuck' WHERE id = $1"],
  ])("is held by an operation that %s", async (_, change) => {
    const { week, middleMs } = await pastWeek();
    const { id } = await anOperationAt(middleMs, { ended: false });
    await rig.query(change, [id]);
    expect(await rangeHolds(rig.db, week)).toEqual(["operation"]);
    await rig.query("UPDATE operations SET completed_at = now() WHERE id = $1", [id]);
    expect(await rangeHolds(rig.db, week)).toEqual([]);
  });

  it("is held by an unfinished operation of a week before whose event is in it", async () => {
    const [before, after] = [await pastWeek(), await pastWeek()].toSorted((a, b) => a.startMs - b.startMs);
    if (!before || !after) throw new Error("two weeks");
    const operation = await anOperationAt(before.middleMs, { ended: false });
    const event = anEvent({ tenantId: operation.tenantId, id: idAt(after.middleMs), operationId: operation.id });
    await recordOutcomes(rig.db, outcomesOf([], { events: [event] }));
    expect(await rangeHolds(rig.db, after.week)).toEqual(["operation"]);
    await rig.query("UPDATE operations SET completed_at = now() WHERE id = $1", [operation.id]);
    expect(await rangeHolds(rig.db, after.week)).toEqual([]);
  });

  it("is held by a replay that is not done and reaches into it", async () => {
    const { week, startMs } = await pastWeek();
    const { tenantId, endpointId } = await anEndpoint(rig.db);
    const id = newId();
    const replay = async (since: number, until: number) =>
      rig.query(
        `INSERT INTO replays (tenant_id, id, endpoint_id, since, until, status) VALUES ($1, $2, $3, $4, $5, 'running')
         ON CONFLICT (tenant_id, id) DO UPDATE SET since = excluded.since, until = excluded.until`,
        [tenantId, id, endpointId, new Date(since), new Date(until)],
      );
    await replay(startMs - dayMs, startMs);
    expect(await rangeHolds(rig.db, week)).toEqual([]);
    await replay(startMs + 6 * dayMs, startMs + 30 * dayMs);
    expect(await rangeHolds(rig.db, week)).toEqual(["replay"]);
    await rig.query("UPDATE replays SET completed_at = now() WHERE id = $1", [id]);
    expect(await rangeHolds(rig.db, week)).toEqual([]);
  });

  it("is held by an event that isn't in Kafka yet", async () => {
    const { week, middleMs } = await pastWeek();
    const owned = await ownPartition(rig.db);
    const event = anEvent({ id: idAt(middleMs), partition: owned.partition, number: "7" });
    await recordOutcomes(rig.db, outcomesOf([], { events: [event] }));
    expect(await rangeHolds(rig.db, week)).toEqual(["unpublished-event"]);
    await moveWatermarks(rig.db, [{ partition: owned.partition, epoch: owned.epoch.toString(), number: "7" }]);
    expect(await rangeHolds(rig.db, week)).toEqual([]);
  });
});

describe("dropping", () => {
  it("holds up nobody who works on another week, even while it waits", async () => {
    const { week, middleMs } = await pastWeek();
    const operation = await anOperationAt(middleMs, { ended: true });
    const reader = await rig.connect();
    await reader.query("BEGIN");
    await reader.query("SELECT * FROM operations WHERE id = $1", [operation.id]);
    const dropping = dropRange(rig.db, week);
    await rig.untilWaiting(1);
    const young = aCommand();
    await projectCommands(rig.db, [young]);
    expect(await loadOperation(rig.db, young.tenantId, young.id)).toBeDefined();
    await reader.query("COMMIT");
    await dropping;
    expect(await rangesOf(week)).toEqual([]);
  });

  it("that can't have its locks leaves the rest to the next time, which ends it", async () => {
    const { week, middleMs } = await pastWeek();
    const operation = await anOperationAt(middleMs, { ended: true });
    const reader = await rig.connect();
    await reader.query("BEGIN");
    await reader.query("SELECT * FROM operations WHERE id = $1", [operation.id]);
    await expect(dropRange(rig.db, week)).rejects.toMatchObject({ code: "55P03" });
    expect(await rangesOf(week)).toEqual([`operations_${week}`]);
    expect(await oldRanges(rig.db, 30)).toContain(week);
    await reader.query("COMMIT");
    await dropRange(rig.db, week);
    expect(await rangesOf(week)).toEqual([]);
    expect(await ensureRanges(rig.db, 14)).toBe(0);
  });

  it("ends what a crash left between detaching and dropping, and leaves what somebody detached to keep", async () => {
    const [crashed, kept] = [await pastWeek(), await pastWeek()];
    await rig.query(`COMMENT ON TABLE events_${crashed.week} IS '${droppingMark}'`);
    for (const { week } of [crashed, kept]) await rig.query(`ALTER TABLE events DETACH PARTITION events_${week}`);
    await dropRange(rig.db, crashed.week);
    await dropRange(rig.db, kept.week);
    expect([await rangesOf(crashed.week), await rangesOf(kept.week)]).toEqual([[], [`events_${kept.week}`]]);
    const old = await oldRanges(rig.db, 30);
    expect([old.includes(crashed.week), old.includes(kept.week)]).toEqual([false, false]);
  });

  it("twice is dropping once", async () => {
    const { week } = await pastWeek();
    await dropRange(rig.db, week);
    await dropRange(rig.db, week);
    expect(await rangesOf(week)).toEqual([]);
  });

  it("leaves every other range as it is", async () => {
    const [one, other] = [await pastWeek(), await pastWeek()];
    await dropRange(rig.db, one.week);
    expect(await rangesOf(other.week)).toEqual(allOf(other.week));
  });

  it("takes no name that is none", async () => {
    await expect(dropRange(rig.db, "20260101; DROP TABLE tenants")).rejects.toThrow(TypeError);
  });
});

it("idempotency keys are deleted an hour after their days, no more than asked for at a time", async () => {
  const tenantId = newId();
  await rig.query(
    `INSERT INTO idempotency_keys (tenant_id, key, operation_id, request_hash, created_at)
     SELECT $1, 'k' || n, gen_random_uuid(), 'x', now() - interval '14 days 59 minutes' - n * interval '2 minutes'
     FROM generate_series(0, 3) AS n`,
    [tenantId],
  );
  expect(await deleteOldKeys(rig.db, 14, 2)).toBe(2);
  expect(await deleteOldKeys(rig.db, 14, 2)).toBe(1);
  expect(await deleteOldKeys(rig.db, 14, 2)).toBe(0);
  expect(await rig.query("SELECT key FROM idempotency_keys WHERE tenant_id = $1", [tenantId])).toEqual([{ key: "k0" }]);
});

it("work is done by one process at a time, and by another when that one is done", async () => {
  const other = rig.open();
  const begun = Promise.withResolvers<void>();
  const ending = Promise.withResolvers<string>();
  const first = oneAtATime(rig.db, "test", () => {
    begun.resolve();
    return ending.promise;
  });
  await begun.promise;
  expect(await oneAtATime(other, "test", async () => "second")).toBeUndefined();
  expect(await oneAtATime(other, "another", async () => "second")).toBe("second");
  ending.resolve("first");
  expect(await first).toBe("first");
  expect(await oneAtATime(other, "test", async () => "second")).toBe("second");
});
