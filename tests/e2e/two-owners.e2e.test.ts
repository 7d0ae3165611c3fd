import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { ensureTopics, postbackTopics } from "@postback/kafka";
import { createLogger } from "@postback/runtime";
import { eventually, testBrokers, testTopicPrefix } from "@postback/testkit";
import { beforeAll, expect, test } from "vitest";
import { endsIn, Notes } from "./rig/notes.ts";
import { partitionsByOwner } from "./rig/owners.ts";
import { partitions, useShopStack } from "./rig/shop-stack.ts";

/**
 * The second processor works on the same database with topics, and so a group, of its own: neither hears of the other by
 * Kafka, and each believes for good to own every partition. Only the fence in Postgres can tell.
 */
const otherPrefix = testTopicPrefix();
beforeAll(async () => {
  const logger = createLogger({ app: "two-owners", level: "silent", format: "json" });
  const connection = { brokers: testBrokers(), clientId: "two-owners", logger };
  const topics = { partitions, replicationFactor: 1, minInsyncReplicas: 1, queues: ["payments"] };
  await ensureTopics(connection, postbackTopics(otherPrefix, topics));
});
const shop = useShopStack({
  apps: { processor: 2, "webhook-dispatcher": 0 },
  catalogs: [fileURLToPath(new URL("./rig/shifts/catalog.ts", import.meta.url))],
  proxied: ["processor"],
  envOf: (name, index) => (name === "processor" && index === 1 ? { TOPIC_PREFIX: otherPrefix } : {}),
});
const first = () => shop().app("processor", 0);
const second = () => shop().app("processor", 1);
/** What each COMMIT of the first owner takes on its way: the work lasts until the second one is there, and some come late. */
const delayMs = 200;

async function stop(app: ReturnType<typeof first>): Promise<void> {
  app.kill("SIGTERM");
  await app.waitForExit();
}

async function startAgain(app: ReturnType<typeof first>): Promise<void> {
  await stop(app);
  app.start();
  await app.ready();
}

async function unfinished(): Promise<{ admitted: number; unfinished: number }> {
  const { rows } = await shop().db.query<{ admitted: number; unfinished: number }>(
    `SELECT count(position)::int AS admitted, count(*) FILTER (WHERE completed_at IS NULL)::int AS unfinished
     FROM operations WHERE entity_type = 'shift'`,
  );
  return rows[0] ?? { admitted: 0, unfinished: 0 };
}

/** Of the rows: the two owners publish to topics of their own. */
async function ends(): Promise<string[]> {
  const { rows } = await shop().db.query<{ type: string; operationId: string }>(
    `SELECT type, operation_id AS "operationId" FROM events WHERE entity_type = 'shift'`,
  );
  return endsIn(rows);
}

const ownersOf = async () => [...(await partitionsByOwner(shop())).keys()];

test("two processors that both believe to own everything: the fence refuses the old one, and no entity has two at work", async () => {
  await stop(second());
  await startAgain(first());
  const [owner] = await ownersOf();
  const late = { before: () => sleep(delayMs, "pass" as const) };
  shop()
    .proxy("processor", 0)
    .intercept(({ statement }) => (statement === "COMMIT" ? late : undefined));
  const notes = new Notes(shop(), "owned-twice", 12);
  await notes.write(20);
  await eventually(async () => expect((await unfinished()).admitted).toBe(notes.told.length));
  second().start();
  await eventually(async () => expect(await ownersOf()).not.toContain(owner), { timeoutMs: 20_000, intervalMs: 20 });
  const taken = (await unfinished()).unfinished;
  expect(taken).toBeGreaterThan(0);
  await notes.expectKept(ends);
  const lost = readFileSync(first().logFile, "utf8").match(/partition\.lost/g)?.length ?? 0;
  console.log(`${taken} of ${notes.told.length} operations were unfinished when the second owner came; ${lost} lost`);
  expect(lost).toBeGreaterThan(0);
  // The first one, started again, takes them back, and the second never hears of it.
  shop().proxy("processor", 0).intercept(undefined);
  await startAgain(first());
  await notes.write(2);
  await notes.expectKept(ends);
});
