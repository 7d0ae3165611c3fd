import { hash } from "node:crypto";
import { apiKeyPattern, topicNames } from "@postback/contracts";
import { findApiKey, openDatabase } from "@postback/database";
import { checkTopics, describeTopics } from "@postback/kafka";
import { createLogger } from "@postback/runtime";
import { createTestDatabase, testBrokers, testTopicPrefix } from "@postback/testkit";
import { expect, test } from "vitest";
import { makeTenant, prepareInstallation } from "./prepare-installation.ts";

const logger = createLogger({ app: "test", level: "silent", format: "json" });

test("makes topics, tables and a tenant's key that works, and does no harm the second time", async () => {
  await using database = await createTestDatabase({ migrated: false });
  const topicPrefix = testTopicPrefix();
  const settings = {
    brokers: testBrokers(),
    databaseUrl: database.url,
    topicPrefix,
    partitions: 3,
    replicationFactor: 1,
    catalog: "./docs/examples/tickets/catalog.ts",
  };
  await prepareInstallation(settings);
  await prepareInstallation(settings);

  const names = Object.values(topicNames(topicPrefix)) as string[];
  const found = await describeTopics({ brokers: testBrokers(), clientId: "test", logger }, names);
  const expected = names.map((name) => ({ name, partitions: 3 }));
  expect(checkTopics(found, expected)).toEqual([]);

  await using db = openDatabase({ url: database.url, applicationName: "test", logger });
  const [, environment, keyId = "", secret = ""] = apiKeyPattern.exec(await makeTenant(db, "Theatre")) ?? [];
  expect(environment).toBe("live");
  const row = await findApiKey(db, keyId);
  expect(row?.secretHash).toEqual(hash("sha256", secret, "buffer"));
  const { rows } = await db.pool.query("select count(*)::int as count from tickets.seats");
  expect(rows).toEqual([{ count: 0 }]);
});
