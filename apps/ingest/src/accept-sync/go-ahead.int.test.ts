import { entityKey, problemType } from "@postback/contracts";
import { acquirePartitions, grantPauses, loadPausedPartitions, loadPauses } from "@postback/database";
import { newId } from "@postback/domain";
import { partitionFor } from "@postback/kafka";
import { defineCatalog, defineOperation, joinCatalogs, refuse } from "@postback/operations";
import { eventually } from "@postback/testkit";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { type RunningIngest, startIngest } from "../test-rig.ts";

const head = {
  revision: 1,
  input: z.strictObject({ till: z.string(), does: z.string().optional() }),
  entity: { type: "till", id: ({ till }: { till: string }) => till },
};
const lock = defineOperation({ ...head, type: "till.lock", whenBusy: "run" })
  .transaction("lock", {
    sync: true,
    run: async ({ sql, input: { till, does }, operation: { id } }) => {
      await sql`insert into locked (till, operation_id) values (${till}, ${id})`;
      if (does === "refuse") throw refuse("key-lost", "The key is lost");
    },
    compensate: () => {},
  })
  .transaction("tell", { run: () => {} });
const count = defineOperation({ ...head, type: "till.count" }).transaction("count", { run: () => {} });
const catalog = joinCatalogs([defineCatalog({ name: "tills", operations: [lock, count], events: {} })]);

const partitions = 3;
let ingest: RunningIngest;
let authorization: string;
let till: string;
const epochs = new Map<number, bigint>();

beforeAll(async () => {
  ingest = await startIngest({ catalog });
  authorization = `Bearer ${await ingest.apiKey({ scopes: ["operations:write", "operations:read"] })}`;
  await ingest.db.pool.query("CREATE TABLE locked (till text, operation_id uuid PRIMARY KEY)");
  for (const { partition, epoch } of await acquirePartitions(ingest.db, "me", [0, 1, 2], new Map())) {
    epochs.set(partition, epoch);
  }
});
beforeEach(() => {
  till = `till-${newId()}`;
});
afterAll(() => ingest[Symbol.asyncDispose]());

async function submit(type: string, input: object = {}, key?: string) {
  const response = await fetch(`${ingest.url}/v1/operations`, {
    method: "POST",
    headers: { authorization, "content-type": "application/json", ...(key ? { "idempotency-key": key } : {}) },
    body: JSON.stringify({ type, input: { till, ...input } }),
  });
  const json = (await response.json()) as { id: string; type: string };
  return { status: response.status, retryAfter: response.headers.get("retry-after"), json };
}

const locked = async (): Promise<string[]> => {
  const { rows } = await ingest.db.pool.query("SELECT operation_id FROM locked WHERE till = $1", [till]);
  return rows.map((row) => row.operation_id);
};

/** Does what an owner does that runs no step of the entity. */
const grant = () =>
  eventually(
    async () => {
      const { rows } = await ingest.db.pool.query("SELECT tenant_id FROM operations WHERE entity_id = $1 LIMIT 1", [
        till,
      ]);
      const [{ tenant_id: tenantId }] = rows;
      const partition = partitionFor(entityKey(tenantId, { type: "till", id: till }), partitions);
      const [asked] = (await loadPauses(ingest.db, partition)).filter(({ entityId }) => entityId === till);
      const granted = await grantPauses(ingest.db, { partition, epoch: epochs.get(partition) ?? 0n }, [
        asked?.id ?? "",
      ]);
      expect(granted).toEqual({ kind: "granted", ids: [asked?.id] });
    },
    { intervalMs: 5 },
  );
const pauses = () => loadPausedPartitions(ingest.db, [0, 1, 2]);

test("an entity that isn't busy needs nobody's leave", async () => {
  const { status, json } = await submit("till.lock");
  expect([status, await locked(), await pauses()]).toEqual([201, [json.id], []]);
});

test("goes ahead of an unfinished operation once the owner lets the entity rest, and its commit ends the rest", async () => {
  const first = await submit("till.count");
  const asking = submit("till.lock");
  await grant();
  const { status, json } = await asking;
  expect([status, await locked(), await pauses()]).toEqual([201, [json.id], []]);
  const { rows } = await ingest.db.pool.query("SELECT completed_at FROM operations WHERE id = $1", [first.json.id]);
  expect(rows).toEqual([{ completed_at: null }]);
});

test("is refused when nobody lets it rest: 409 in time, with Retry-After, and nothing is left", async () => {
  await submit("till.count");
  const beganAtMs = performance.now();
  const { status, retryAfter, json } = await submit("till.lock");
  expect([status, retryAfter, json.type]).toEqual([409, "1", problemType("entity-busy")]);
  expect(performance.now() - beganAtMs).toBeLessThan(5_000);
  expect([await locked(), await pauses()]).toEqual([[], []]);
});

test("a sync step that refuses ends the rest", async () => {
  await submit("till.count");
  const asking = submit("till.lock", { does: "refuse" });
  await grant();
  const { status } = await asking;
  expect([status, await locked(), await pauses()]).toEqual([422, [], []]);
});

test("the same request again is answered with its operation, which asks for nothing", async () => {
  const key = newId();
  const first = await submit("till.lock", {}, key);
  const second = await submit("till.lock", {}, key);
  expect([first.status, second.status, second.json.id]).toEqual([201, 200, first.json.id]);
  expect(await locked()).toEqual([first.json.id]);
});

test("writes that wait for their entities' rest keep no connection from another's", async () => {
  const busy = Array.from({ length: 20 }, (_, index) => `${till}-${index}`);
  await Promise.all(busy.map((each) => submit("till.count", { till: each })));
  const waiting = Promise.all(busy.map((each) => submit("till.lock", { till: each })));
  await eventually(async () => expect((await pauses()).length).toBeGreaterThan(0), { intervalMs: 5 });
  let isOver = false;
  void waiting.then(() => {
    isOver = true;
  });
  expect((await submit("till.lock")).status).toBe(201);
  expect(isOver).toBe(false);
  expect(new Set((await waiting).map(({ status }) => status))).toEqual(new Set([409]));
});
