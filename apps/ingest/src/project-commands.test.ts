import type { CommandRow, ProjectedCommand } from "@postback/database";
import { createLogger, createMetrics } from "@postback/runtime";
import { expect, test } from "vitest";
import { CommandProjection, type ProjectionOptions, takeBatch } from "./project-commands.ts";

const row = (id: string): CommandRow => ({
  tenantId: "t1",
  id,
  type: "sku.rename",
  revision: 1,
  entityType: "sku",
  entityId: "1",
  partition: 0,
  logOffset: 0,
  hash: "",
  input: "{}",
  acceptedAtMs: 0,
  steps: [],
});

class DataFailure extends Error {}

const stored = (one: CommandRow) => ({ kind: "stored", operation: { id: one.id } }) as ProjectedCommand;

function projectionWith(projectCommands: (rows: readonly CommandRow[]) => Promise<ProjectedCommand[]>, more = {}) {
  const options: ProjectionOptions = {
    store: { projectCommands },
    isDataFailure: (error) => error instanceof DataFailure,
    logger: createLogger({ app: "test", level: "silent", format: "json" }),
    rows: createMetrics("test", { processMetrics: false }).counter({ name: "rows", help: "Rows", labels: ["outcome"] }),
    ...more,
  };
  return new CommandProjection(options);
}

test("rows of one instant share a statement, those that come meanwhile the next", async () => {
  const batches: string[][] = [];
  const first = Promise.withResolvers<void>();
  const projection = projectionWith(async (rows) => {
    batches.push(rows.map(({ id }) => id));
    if (batches.length === 1) await first.promise;
    return rows.map(stored);
  });
  const together = [projection.project(row("a")), projection.project(row("b"))];
  await expect.poll(() => batches.length).toBe(1);
  const later = [projection.project(row("c")), projection.project(row("d"))];
  first.resolve();
  const projected = await Promise.all([...together, ...later]);
  expect(batches).toEqual([
    ["a", "b"],
    ["c", "d"],
  ]);
  expect(projected).toMatchObject(["a", "b", "c", "d"].map((id) => ({ kind: "stored", operation: { id } })));
});

test("a row that can't be stored fails alone; the others of its batch are written", async () => {
  const projection = projectionWith(async (rows) => {
    if (rows.some(({ id }) => id === "bad")) throw new DataFailure("22P05");
    return rows.map(stored);
  });
  const outcomes = await Promise.allSettled(["a", "b", "bad", "c", "d"].map((id) => projection.project(row(id))));
  expect(outcomes.map(({ status }) => status)).toEqual([
    "fulfilled",
    "fulfilled",
    "rejected",
    "fulfilled",
    "fulfilled",
  ]);
});

test("with Postgres away or slow, a caller waits a bounded time and is told that its row comes later", async () => {
  const away = projectionWith(() => Promise.reject(new Error("connection refused")));
  expect(await away.project(row("a"))).toEqual({ kind: "late" });
  const slow = projectionWith(() => new Promise(() => {}), { waitMaxMs: 10 });
  expect(await slow.project(row("a"))).toEqual({ kind: "late" });
});

test("no more rows wait than the bound says", async () => {
  const projection = projectionWith(() => new Promise(() => {}), { queuedMax: 2, waitMaxMs: 60_000, batchMax: 1 });
  void projection.project(row("in flight"));
  await Promise.resolve();
  await Promise.resolve();
  void projection.project(row("a"));
  void projection.project(row("b"));
  expect(await projection.project(row("c"))).toEqual({ kind: "late" });
});

test("is drained when every row that it took is written", async () => {
  const written: string[] = [];
  const projection = projectionWith(async (rows) => {
    await new Promise(setImmediate);
    written.push(...rows.map(({ id }) => id));
    return rows.map(stored);
  });
  void projection.project(row("a"));
  await projection.drained();
  expect(written).toEqual(["a"]);
});

test("an id goes into a batch once; its repetition waits for the next, and the order stays", () => {
  const queue = ["a", "b", "a", "c"].map((id) => ({ row: row(id) }));
  const { batch, rest } = takeBatch(queue, 3);
  expect([batch, rest].map((list) => list.map((one) => one.row.id))).toEqual([["a", "b", "c"], ["a"]]);
});
