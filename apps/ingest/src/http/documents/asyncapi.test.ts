import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { defineCatalog, defineOperation, joinCatalogs } from "@postback/operations";
import { Ajv } from "ajv";
import { expect, test } from "vitest";
import { z } from "zod";
import { asyncapiDocument } from "./asyncapi.ts";

const require = createRequire(import.meta.url);
const done = z.object({ id: z.string() });
const operation = defineOperation({
  type: "thing.do",
  revision: 1,
  input: z.strictObject({ id: z.string(), more: z.json().optional() }),
  entity: { type: "thing", id: ({ id }) => id },
  events: { "thing.done": done },
  example: { id: "a" },
})
  .http("call", { queue: "calls", run: () => undefined, effect: "none" })
  .transaction("note", { run: () => undefined });
const catalog = joinCatalogs([
  defineCatalog({ name: "things", operations: [operation], events: { "thing.done": done } }),
]);
const document = asyncapiDocument({ version: "1.0.0", prefix: "test-", catalog });

/** The specification's own schema for AsyncAPI 3.0. */
async function specification(): Promise<object> {
  const path = require.resolve("@asyncapi/specs/schemas/3.0.0.json");
  return JSON.parse(await readFile(path, "utf8"));
}

async function validator() {
  // It brings the schema of schemas along itself, and words that strict mode doesn't know.
  return new Ajv({ strict: false, validateFormats: false, meta: false, validateSchema: false }).compile(
    await specification(),
  );
}

function refsIn(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) => (key === "$ref" ? [String(each)] : refsIn(each)));
}

const at = (ref: string): unknown =>
  ref
    .replace(/^#\//, "")
    .split("/")
    .reduce<unknown>((part, key) => (part as Record<string, unknown> | undefined)?.[key], document);

test("is an AsyncAPI 3.0 document, as the specification's own schema has it", async () => {
  const validate = await validator();
  expect(validate(document), JSON.stringify(validate.errors?.slice(0, 5))).toBe(true);
});

test("the specification's schema refuses a document whose channel has no such form", async () => {
  const validate = await validator();
  expect(validate({ ...document, channels: { commands: { address: 1 } } })).toBe(false);
});

test("every reference leads somewhere", () => {
  const refs = new Set(refsIn(document));
  expect(refs.size).toBeGreaterThan(10);
  expect([...refs].filter((ref) => at(ref) === undefined)).toEqual([]);
});

test("names the topics and groups as this installation does, and the queues of its catalog", () => {
  expect(at("#/channels/commands")).toMatchObject({ address: "test-commands" });
  expect(at("#/channels/queue")).toMatchObject({
    address: "test-commands.{queue}",
    parameters: { queue: { enum: ["calls"] } },
  });
  expect(at("#/operations/processor.receive.commands")).toMatchObject({
    bindings: { kafka: { groupId: { enum: ["test-processor"] } } },
  });
});

test("says of each type of write what its value is, and of each event what its data is", () => {
  expect(at("#/components/messages/command.thing.do")).toMatchObject({
    payload: { $ref: "#/components/schemas/input.thing.do" },
    examples: [{ payload: { id: "a" } }],
  });
  expect(at("#/components/schemas/input.thing.do")).toMatchObject({ required: ["id"] });
  expect(at("#/components/schemas/data.thing.done")).toMatchObject({ required: ["id"] });
});

test("every topic has who writes it, and each but the dead letters who reads it", () => {
  const operations = Object.values(
    (document as { operations: Record<string, { action: string; channel: object }> }).operations,
  );
  const used = (action: string) =>
    operations.filter((each) => each.action === action).map(({ channel }) => Object.values(channel)[0]);
  const channels = ["commands", "queue", "events", "deadLetters"].map((name) => `#/channels/${name}`);
  expect([...new Set(used("send"))].sort()).toEqual(channels.toSorted());
  expect([...new Set(used("receive"))].sort()).toEqual(channels.slice(0, 3).toSorted());
});
