import { operationIdsSchema, problemType } from "@postback/contracts";
import { checkClientId } from "@postback/domain";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RunningIngest, startIngest } from "../../test-rig.ts";

let ingest: RunningIngest;
let key: string;

beforeAll(async () => {
  ingest = await startIngest();
  key = await ingest.apiKey({ scopes: ["operations:write", "operations:read"] });
});
afterAll(async () => {
  await ingest[Symbol.asyncDispose]();
});

async function post(path: string, body: unknown, authorization = `Bearer ${key}`) {
  const response = await fetch(ingest.url + path, {
    method: "POST",
    headers: { "content-type": "application/json", authorization },
    body: JSON.stringify(body),
  });
  return { status: response.status, json: (await response.json()) as unknown };
}

const ask = (body: unknown, authorization?: string) => post("/v1/operation-ids", body, authorization);

test.each([1, 1_000])("%i ids are made, all different, each good for a write", async (count) => {
  const { status, json } = await ask({ count });
  const { ids } = operationIdsSchema.parse(json);
  expect([status, new Set(ids).size]).toEqual([200, count]);
  expect(ids.map((id) => checkClientId(id, new Date()))).toEqual(ids.map(() => undefined));
});

test("a write under such an id is that operation, and the same write again is no other", async () => {
  const [id] = operationIdsSchema.parse((await ask({ count: 1 })).json).ids;
  const write = { id, type: "sku.rename", input: { sku: "sku-1", name: "Mug" } };
  const first = await post("/v1/operations", write);
  const again = await post("/v1/operations", write);
  expect([first.status, again.status]).toEqual([202, 202]);
  expect([first.json, again.json]).toEqual([expect.objectContaining({ id }), expect.objectContaining({ id })]);
});

test.each([{}, { count: 0 }, { count: 1_001 }, { count: 1.5 }, { count: "1" }, { count: 1, kind: "v4" }])(
  "%j is refused, with the field that breaks the rule",
  async (body) => {
    const { status, json } = await ask(body);
    expect([status, json]).toEqual([422, expect.objectContaining({ type: problemType("invalid-input") })]);
    expect(json).toMatchObject({ errors: [{ pointer: "kind" in body ? "/kind" : "/count" }] });
  },
);

test("a key that may not write gets none", async () => {
  const reader = await ingest.apiKey({ scopes: ["operations:read"] });
  expect((await ask({ count: 1 }, `Bearer ${reader}`)).status).toBe(403);
});
