import { newId } from "@postback/domain";
import { defineCatalog, defineOperation, joinCatalogs } from "@postback/operations";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { type RunningIngest, startIngest } from "../../test-rig.ts";

const revision = (number: number, type = "sku.rename") =>
  defineOperation({
    type,
    revision: number,
    input: z.object({ sku: z.string() }),
    entity: { type: "sku", id: ({ sku }) => sku },
  }).transaction("rename", { run: () => {} });
const catalog = joinCatalogs([
  defineCatalog({ name: "test", operations: [revision(1), revision(3), revision(1, "sku.drop")], events: {} }),
]);
let ingest: RunningIngest;

beforeAll(async () => {
  ingest = await startIngest({ catalog });
});
afterAll(async () => {
  await ingest[Symbol.asyncDispose]();
});

async function operation(tenantId: string, revision: number, isDone = false): Promise<void> {
  await ingest.db.pool.query(
    `INSERT INTO operations (tenant_id, id, type, revision, entity_type, entity_id, partition, request_hash, input, completed_at)
     VALUES ($1, $2, 'sku.rename', $3, 'sku', '1', 0, 'x', '{}', CASE WHEN $4 THEN now() END)`,
    [tenantId, newId(), revision, isDone],
  );
}
interface Listed {
  data: { revisions: { revision: number; unfinished?: number }[] }[];
  withoutDefinition?: object[];
}

async function list(key: string) {
  const answer = await fetch(`${ingest.url}/v1/operation-types`, { headers: { authorization: `Bearer ${key}` } });
  return { status: answer.status, json: (await answer.json()) as Listed };
}
async function listed(scopes: string[]): Promise<Listed> {
  const { status, json } = await list(await ingest.apiKey({ scopes }));
  expect(status).toBe(200);
  return json;
}
const revisionsOf = ({ data }: Listed) => data.map(({ revisions }) => revisions);

test("operators see how many operations are unfinished under each revision: of their tenant, the platform of all", async () => {
  for (const number of [1, 1, 2, 3]) await operation(ingest.tenantId, number);
  await operation(ingest.tenantId, 1, true);
  await operation(newId(), 1);
  const own = await listed(["operator"]);
  expect(revisionsOf(own)).toEqual([
    [{ revision: 1, unfinished: 0 }],
    [
      { revision: 3, unfinished: 1 },
      { revision: 1, unfinished: 2 },
    ],
  ]);
  expect(own.withoutDefinition).toEqual([{ type: "sku.rename", revision: 2, unfinished: 1 }]);
  expect(revisionsOf(await listed(["platform"]))[1]?.[1]).toEqual({ revision: 1, unfinished: 3 });
});

test("others see the revisions alone, and see them without Postgres; operators are told that it is away", async () => {
  const [reader, operator] = [
    await ingest.apiKey({ scopes: ["operations:read"] }),
    await ingest.apiKey({ scopes: ["operator"] }),
  ];
  const { json } = await list(reader);
  expect(revisionsOf(json)).toEqual([[{ revision: 1 }], [{ revision: 3 }, { revision: 1 }]]);
  expect(json).not.toHaveProperty("withoutDefinition");
  await list(operator);
  await ingest.postgres.cut();
  expect(await list(reader)).toEqual({ status: 200, json });
  expect((await list(operator)).status).toBe(503);
  await ingest.postgres.mend();
});

test("a key that may only write sees nothing", async () => {
  expect((await list(await ingest.apiKey({ scopes: ["operations:write"] }))).status).toBe(403);
});
