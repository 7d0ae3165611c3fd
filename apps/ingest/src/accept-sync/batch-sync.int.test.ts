import { batchResultsSchema } from "@postback/contracts";
import { newId } from "@postback/domain";
import { defineCatalog, defineOperation, joinCatalogs, refuse } from "@postback/operations";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { type RunningIngest, startIngest } from "../test-rig.ts";

const ring = defineOperation({
  type: "till.ring",
  revision: 1,
  input: z.strictObject({ till: z.string(), amount: z.number() }),
  entity: { type: "till", id: ({ till }: { till: string }) => till },
}).transaction("ring", {
  sync: true,
  run: async ({ sql, input: { till, amount } }) => {
    await sql`insert into rung (till, amount) values (${till}, ${amount})`;
    if (amount < 0) throw refuse("till-closed", "The till is closed");
  },
  compensate: () => {},
});
const catalog = joinCatalogs([defineCatalog({ name: "tills", operations: [ring], events: {} })]);

let ingest: RunningIngest;
let authorization: string;

beforeAll(async () => {
  ingest = await startIngest({ catalog });
  authorization = `Bearer ${await ingest.apiKey({ scopes: ["operations:write"] })}`;
  await ingest.db.pool.query("CREATE TABLE rung (till text, amount integer)");
});
afterAll(() => ingest[Symbol.asyncDispose]());

async function batch(operations: object[]) {
  const response = await fetch(`${ingest.url}/v1/operations/batch`, {
    method: "POST",
    headers: { authorization, "content-type": "application/json" },
    body: JSON.stringify({ operations }),
  });
  return batchResultsSchema.parse(await response.json()).results;
}

test("writes with sync steps in a batch are transactions of their own: one that refuses undoes nothing of the others", async () => {
  const writes = [1, -1, 2].map((amount) => ({
    type: "till.ring",
    input: { till: `till-${amount}`, amount },
    idempotencyKey: newId(),
  }));
  const results = await batch(writes);
  expect(results.map(({ status }) => status)).toEqual([201, 422, 201]);
  expect(results[1]?.problem).toMatchObject({ error: { code: "till-closed", step: "ring" } });
  const again = await batch(writes);
  expect(again.map(({ status }) => status)).toEqual([200, 422, 200]);
  const { rows } = await ingest.db.pool.query("SELECT amount FROM rung ORDER BY amount");
  expect(rows).toEqual([{ amount: 1 }, { amount: 2 }]);
});
