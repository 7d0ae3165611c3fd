import { newId } from "@postback/domain";
import { joinCatalogs, performStep, prepareOnce } from "@postback/operations";
import { createTestDatabase } from "@postback/testkit";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";

let database: pg.Pool;
let perform: (direction: "run" | "compensate", id: string) => Promise<object>;

beforeAll(async () => {
  const { url } = await createTestDatabase({ migrated: false });
  process.env["POINTS_DATABASE_URL"] = url;
  database = new pg.Pool({ connectionString: url, max: 2 });
  await prepareOnce(database);
  await database.query("create table cards (customer_id text primary key, points integer not null)");
  const { default: catalog } = await import("./catalog.ts");
  const definition = joinCatalogs([catalog]).operation("points.give");
  if (definition === undefined) throw new Error("points.give");
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  perform = async (direction, id) => {
    const entity = { type: "customer", id: "customer-1" };
    const operation = { id, type: definition.type, revision: 1, tenantId: id, entity };
    const { signal } = new AbortController();
    const step = { definition, stepName: "add-points", direction, input: definition.example, outputs: {}, attempt: 1 };
    return (await performStep({ ...step, operation, signal, log })).outcome;
  };
});
afterAll(() => database.end());

const points = async () => (await database.query("select points from cards")).rows[0]?.points;

test("points are given once, however often the step is done, and taken back once", async () => {
  const id = newId();
  const done = { kind: "done", output: { balance: 42 }, result: { balance: 42 } };
  expect(await perform("run", id)).toEqual(done);
  expect(await perform("run", id)).toEqual(done);
  expect(await points()).toBe(42);
  for (const _ of [1, 2]) expect(await perform("compensate", id)).toEqual({ kind: "done" });
  expect(await points()).toBe(0);
});
