import { isUuidV7, timeOfUuidV7, uuidV7At } from "@postback/domain";
import { describe, expect, it } from "vitest";
import { recordOutcomes } from "../dispatch/record-outcomes.ts";
import { isDataFailure } from "../failures.ts";
import { openDatabase } from "../open-database.ts";
import { projectCommands } from "../operations/project-commands.ts";
import { useDatabase } from "../test-rig.ts";
import { aCommand, anEvent, outcomesOf } from "../test-rows.ts";
import { daysAhead } from "./days-ahead.ts";
import { ensureRanges } from "./ensure-ranges.ts";

const rig = useDatabase();
const dayMs = 86_400_000;

interface Range {
  table: string;
  from: number;
  to: number;
}

/** The ranges of a table by their borders, in order. */
async function rangesOf(parent: string): Promise<Range[]> {
  const rows = await rig.query<{ table: string; bound: string }>(
    `SELECT c.relname AS table, pg_get_expr(c.relpartbound, c.oid) AS bound FROM pg_inherits i
     JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = $1::regclass ORDER BY c.relname`,
    [parent],
  );
  return rows.map(({ table, bound }) => {
    const [from = "", to = ""] = [...bound.matchAll(/'([0-9a-f-]{36})'/g)].map((match) => match[1] ?? "");
    return { table, from: timeOfUuidV7(from), to: timeOfUuidV7(to) };
  });
}

const tables = ["operations", "events", "deliveries"] as const;
const insertAt = (timeMs: number) =>
  recordOutcomes(rig.db, outcomesOf([], { events: [anEvent({ id: uuidV7At(timeMs, Buffer.alloc(10, 255)) })] }));

describe("ranges", () => {
  it("are weeks that begin on Monday 0:00 UTC and follow each other without a gap, from last week on", async () => {
    for (const table of tables) {
      const ranges = await rangesOf(table);
      expect(ranges[0]?.from).toBeLessThanOrEqual(Date.now() - 7 * dayMs);
      for (const [index, { table: name, from, to }] of ranges.entries()) {
        expect(to - from).toBe(7 * dayMs);
        expect(new Date(from).toISOString()).toMatch(/T00:00:00.000Z$/);
        expect(new Date(from).getUTCDay()).toBe(1);
        expect(name).toBe(`${table}_${new Date(from).toISOString().slice(0, 10).replaceAll("-", "")}`);
        if (index > 0) expect(from).toBe(ranges[index - 1]?.to);
      }
    }
  });

  it("are made as far ahead as asked, once, and the days ahead say how far", async () => {
    const before = await daysAhead(rig.db);
    expect(before).toBeGreaterThan(14);
    const made = await ensureRanges(rig.db, 40);
    expect(made % tables.length).toBe(0);
    expect(made).toBeGreaterThan(0);
    expect(await ensureRanges(rig.db, 40)).toBe(0);
    const after = await daysAhead(rig.db);
    expect(after - before).toBeCloseTo((made / tables.length) * 7, 1);
    expect(after).toBeGreaterThanOrEqual(40);
    expect(after).toBeLessThanOrEqual(47);
  });

  it("are made once when several processes start at the same time", async () => {
    const others = [rig.open(), rig.open(), rig.open()];
    const made = await Promise.all(others.map((db) => ensureRanges(db, 60)));
    expect(made.filter((count) => count > 0)).toHaveLength(1);
  });

  it("are the same whatever the time zone of the session, across changes of its clocks", async () => {
    const logger = { warn: () => undefined };
    const inZone = (zone: string) =>
      openDatabase({
        url: `${rig.url}?options=-c%20TimeZone%3D${encodeURIComponent(zone)}`,
        applicationName: zone,
        logger,
      });
    await using newYork = inZone("America/New_York");
    await using auckland = inZone("Pacific/Auckland");
    expect((await newYork.pool.query("SHOW TimeZone")).rows).toEqual([{ TimeZone: "America/New_York" }]);
    await ensureRanges(newYork, 200);
    await ensureRanges(auckland, 400);
    expect(await ensureRanges(rig.db, 400)).toBe(0);
    for (const table of tables) {
      for (const { from, to } of await rangesOf(table)) {
        expect([new Date(from).toISOString().slice(10), to - from]).toEqual(["T00:00:00.000Z", 7 * dayMs]);
      }
    }
    expect(await daysAhead(auckland)).toBeCloseTo(await daysAhead(rig.db), 3);
    expect((await newYork.pool.query("SHOW TimeZone")).rows).toEqual([{ TimeZone: "America/New_York" }]);
  });

  it("take the ids of their first and last millisecond, and the lowest id of a time is at or below every other", async () => {
    const ranges = await rangesOf("events");
    const week = ranges[1] ?? { from: 0, to: 0, table: "" };
    const counted = async () => (await rig.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${week.table}`))[0]?.n;
    expect(await counted()).toBe(0);
    const first = uuidV7At(week.from);
    expect(isUuidV7(first)).toBe(true);
    await recordOutcomes(rig.db, outcomesOf([], { events: [anEvent({ id: first })] }));
    await insertAt(week.to - 1);
    expect(await counted()).toBe(2);
    await insertAt(week.to);
    await insertAt(week.from - 1);
    expect(await counted()).toBe(2);
  });

  it("that don't exist are an error of the data, not of the connection", async () => {
    const end = (await rangesOf("events")).at(-1)?.to ?? 0;
    for (const timeMs of [end, Date.now() - 30 * dayMs]) {
      const failure = await insertAt(timeMs).catch((error: unknown) => error);
      expect(failure).toMatchObject({
        code: "23514",
        message: expect.stringMatching(/no partition of relation "events"/),
      });
      expect(isDataFailure(failure)).toBe(true);
      const command = aCommand({ id: uuidV7At(timeMs) });
      await expect(projectCommands(rig.db, [command])).rejects.toThrow(/no partition of relation "operations"/);
    }
  });
});
