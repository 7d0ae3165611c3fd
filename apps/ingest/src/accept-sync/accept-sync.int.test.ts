import { setTimeout as sleep } from "node:timers/promises";
import { operationSchema, problemSchema, problemType } from "@postback/contracts";
import { loadOutbox } from "@postback/database";
import { newId } from "@postback/domain";
import { defineCatalog, defineOperation, joinCatalogs, refuse, tryLater } from "@postback/operations";
import { eventually } from "@postback/testkit";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { type RunningIngest, startIngest } from "../test-rig.ts";

const rang = z.object({ till: z.string(), amount: z.number() });
const head = {
  revision: 1,
  input: z.strictObject({ till: z.string(), amount: z.number(), does: z.string().optional() }),
  entity: { type: "till", id: ({ till }: { till: string }) => till },
  events: { "till.rang": rang },
};

/** What a till does is told by its input. */
const ringing = (type: string) =>
  defineOperation({ ...head, type })
    .transaction("ring", {
      sync: true,
      run: async ({ sql, input: { till, amount, does }, operation: { id }, emit }) => {
        await sql`insert into rung (till, amount, operation_id) values (${till}, ${amount}, ${id})`;
        if (does === "refuse") throw refuse("till-closed", "The till is closed");
        if (does === "later") throw tryLater("The till is being counted", { retryAfterMs: 2_500 });
        if (does === "fail at commit") await sql`insert into late_checked (n) values (1), (1)`;
        if (does === "commit slowly") await sql`insert into slow_at_commit values (1)`;
        if (does === "take long") await sql`select pg_sleep(0.3)`;
        emit("till.rang", { till, amount });
        return { drawer: 7 };
      },
      compensate: async ({ sql, operation: { id } }) => void (await sql`delete from rung where operation_id = ${id}`),
    })
    .transaction("check", {
      sync: true,
      effect: "none",
      run: ({ input: { does }, outputs }) => {
        if (does === "refuse late") throw refuse("sum-wrong", "The sum is wrong");
        return { drawer: outputs.ring.drawer };
      },
    })
    .result((outputs) => ({ drawer: outputs.check.drawer }));

const operations = [
  ringing("till.ring").transaction("print", { run: () => "printed" }),
  ringing("till.ring-at-once"),
  defineOperation({ ...head, type: "till.count" }).transaction("count", { run: () => {} }),
];
const catalog = joinCatalogs([defineCatalog({ name: "tills", operations, events: { "till.rang": rang } })]);

let ingest: RunningIngest;
let authorization: string;
let till: string;

beforeAll(async () => {
  ingest = await startIngest({ catalog });
  authorization = `Bearer ${await ingest.apiKey({ scopes: ["operations:write", "operations:read"] })}`;
  await ingest.db.pool.query(`
    CREATE TABLE rung (till text, amount integer, operation_id uuid PRIMARY KEY);
    CREATE TABLE late_checked (n integer UNIQUE DEFERRABLE INITIALLY DEFERRED);
    CREATE TABLE slow_at_commit (n integer);
    CREATE FUNCTION be_slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(1); RETURN NULL; END';
    CREATE CONSTRAINT TRIGGER slowly AFTER INSERT ON slow_at_commit DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW EXECUTE FUNCTION be_slow()`);
});
beforeEach(() => {
  till = `till-${newId()}`;
});
afterAll(() => ingest[Symbol.asyncDispose]());

async function submit(type: string, input: object = {}, { key, id }: { key?: string; id?: string } = {}) {
  const response = await fetch(`${ingest.url}/v1/operations`, {
    method: "POST",
    headers: { authorization, "content-type": "application/json", ...(key ? { "idempotency-key": key } : {}) },
    body: JSON.stringify({ type, input: { till, amount: 5, ...input }, ...(id ? { id } : {}) }),
  });
  return { status: response.status, headers: response.headers, json: (await response.json()) as Answer };
}

interface Answer {
  id: string;
  type: string;
  detail: string;
  error?: object;
  result?: unknown;
}

async function shown(id: string) {
  const response = await fetch(`${ingest.url}/v1/operations/${id}`, { headers: { authorization } });
  return await response.json();
}

const rowsOf = async (table: "rung" | "operations" | "outbox"): Promise<number> => {
  const column = table === "rung" ? "till" : "entity_id";
  const { rows } = await ingest.db.pool.query(`SELECT FROM ${table} WHERE ${column} = $1`, [till]);
  return rows.length;
};

const expectNothing = async () =>
  expect([await rowsOf("rung"), await rowsOf("operations"), await rowsOf("outbox")]).toEqual([0, 0, 0]);

test("is answered 201 with what its sync steps did, which is there, and the rest follows", async () => {
  const written = await ingest.messagesWritten();
  const { status, headers, json } = await submit("till.ring");
  const operation = operationSchema.parse(json);
  expect([status, headers.get("location")]).toEqual([201, `/v1/operations/${operation.id}`]);
  expect(operation).toMatchObject({
    status: "running",
    step: "print",
    entity: { type: "till", id: till },
    steps: [
      { name: "ring", status: "succeeded", attempts: 1 },
      { name: "check", status: "succeeded", attempts: 1 },
      { name: "print", status: "running", attempts: 0 },
    ],
  });
  expect(await shown(operation.id)).toEqual(json);
  expect(await rowsOf("rung")).toBe(1);
  expect(await ingest.messagesWritten()).toBe(written);
  const { rows } = await ingest.db.pool.query("SELECT partition, position FROM operations WHERE id = $1", [
    operation.id,
  ]);
  const [waiting] = await loadOutbox(ingest.db, rows[0].partition, 100).then((all) =>
    all.filter(({ id }) => id === operation.id),
  );
  expect(waiting).toMatchObject({ position: null, events: [{ type: "till.rang", data: { till, amount: 5 } }] });
});

describe("what refuses leaves nothing", () => {
  test.each([
    ["the first step", "refuse", "ring", "till-closed", "The till is closed"],
    ["a later step", "refuse late", "check", "sum-wrong", "The sum is wrong"],
  ])("%s: 422 at once, with what it says", async (_, does, step, code, message) => {
    const { status, json } = await submit("till.ring", { does }, { key: newId() });
    expect([status, problemSchema.parse(json)]).toMatchObject([
      422,
      { type: problemType("step-refused"), error: { step, code, message } },
    ]);
    await expectNothing();
  });

  test("a constraint that is checked at COMMIT", async () => {
    const { status, json } = await submit("till.ring", { does: "fail at commit" });
    expect([status, json.error]).toMatchObject([422, { step: "check", code: "database-23505" }]);
    await expectNothing();
  });

  test("a step that can't be done now: 503, and when to try again", async () => {
    const { status, headers, json } = await submit("till.ring", { does: "later" });
    expect([status, headers.get("retry-after"), json.type]).toEqual([503, "3", problemType("unavailable")]);
    await expectNothing();
  });
});

describe("an entity is busy while it has an operation that has not ended", () => {
  test.each(["till.ring", "till.count"])("of %s: 409, with its id, and nothing is done", async (type) => {
    const first = await submit(type);
    const [rung, operations] = [await rowsOf("rung"), await rowsOf("operations")];
    const { status, json } = await submit("till.ring");
    expect([status, json.type]).toEqual([409, problemType("entity-busy")]);
    expect(json.detail).toContain(first.json.id);
    expect([await rowsOf("rung"), await rowsOf("operations")]).toEqual([rung, operations]);
  });

  test("of fifty at the same time one is made; the others are refused and leave nothing", async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => submit("till.ring")));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(49).fill(409)]);
    expect([await rowsOf("rung"), await rowsOf("operations"), await rowsOf("outbox")]).toEqual([1, 1, 1]);
  });

  test("but not where all steps are sync: each is done at once, with its result", async () => {
    const answers = [await submit("till.ring-at-once"), await submit("till.ring-at-once")];
    for (const { status, headers, json } of answers) {
      expect([status, headers.get("retry-after"), json]).toMatchObject([
        201,
        null,
        { status: "succeeded", result: { drawer: 7 }, completedAt: expect.any(String) },
      ]);
    }
    expect(await rowsOf("rung")).toBe(2);
    const { rows } = await ingest.db.pool.query("SELECT events FROM outbox WHERE entity_id = $1 ORDER BY seq", [till]);
    expect(rows.map(({ events }) => events.map(({ type }: Answer) => type))).toEqual(
      Array(2).fill(["till.rang", "operation.succeeded"]),
    );
  });
});

describe("the same request", () => {
  test("under the same key gives the same operation: 200, and nothing is done again", async () => {
    const key = newId();
    const first = await submit("till.ring", {}, { key });
    const second = await submit("till.ring", {}, { key });
    expect([first.status, second.status]).toEqual([201, 200]);
    expect(second.json).toEqual(first.json);
    expect(await rowsOf("rung")).toBe(1);
  });

  test("under the same id of the client's too; another request under either is refused", async () => {
    const [id, key] = [newId(), newId()];
    expect((await submit("till.ring", {}, { id, key })).json.id).toBe(id);
    expect((await submit("till.ring", {}, { id })).status).toBe(200);
    for (const named of [{ id }, { key }]) {
      const { status, json } = await submit("till.ring", { amount: 6 }, named);
      expect([status, json.type]).toEqual([422, problemType("idempotency-key-reused")]);
    }
    expect(await rowsOf("rung")).toBe(1);
  });

  test("twenty times at the same instant is done once, and all get the one operation", async () => {
    const key = newId();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => submit("till.ring", { does: "take long" }, { key })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array(19).fill(200), 201]);
    expect(new Set(answers.map(({ json }) => json.id)).size).toBe(1);
    expect(await rowsOf("rung")).toBe(1);
  });

  test("of two entities under one key at the same instant one is made, the other refused", async () => {
    const key = newId();
    const other = `${till}-other`;
    const answers = await Promise.all([
      submit("till.ring", { does: "take long" }, { key }),
      submit("till.ring", { till: other, does: "take long" }, { key }),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 422]);
    const { rows } = await ingest.db.pool.query("SELECT FROM rung WHERE till IN ($1, $2)", [till, other]);
    expect(rows).toHaveLength(1);
  });
});

test("without Postgres it is not accepted: 503, and nothing is in the log", async () => {
  const written = await ingest.messagesWritten();
  await ingest.postgres.cut();
  const { status, headers, json } = await submit("till.ring");
  await ingest.postgres.mend();
  expect([status, headers.get("retry-after"), json.type]).toEqual([503, "1", problemType("unavailable")]);
  expect(await ingest.messagesWritten()).toBe(written);
});

test("cut off from Postgres in the middle, it isn't done, and says so", async () => {
  const answer = submit("till.ring", { does: "take long" });
  await sleep(150);
  await ingest.postgres.cut();
  await ingest.postgres.mend();
  expect((await answer).status).toBe(503);
  await eventually(expectNothing);
});

test("cut off while COMMIT is under way, it makes sure that nothing comes of it before it says so", async () => {
  const answer = submit("till.ring", { does: "commit slowly" });
  await sleep(300);
  await ingest.postgres.cut();
  await ingest.postgres.mend();
  const { status, json } = await answer;
  expect([status, json.detail]).toEqual([503, "Postgres went away in the middle; nothing was done."]);
  await expectNothing();
  await sleep(1_200);
  await expectNothing();
});
