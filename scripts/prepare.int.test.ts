import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { createTestDatabase, testBrokers, testTopicPrefix } from "@postback/testkit";
import pg from "pg";
import { expect, test } from "vitest";

const script = fileURLToPath(new URL("./prepare.ts", import.meta.url));

/** Runs the script as a job would. */
function prepare(env: Record<string, string>, args: string[] = []): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, ...env }, encoding: "utf8" as const };
    const child = execFile(process.execPath, [script, ...args], options, (_, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, output: stdout + stderr }),
    );
  });
}

test("makes topics, tables and a tenant's key; again, nothing; on other settings, it refuses", async () => {
  await using database = await createTestDatabase();
  const topicPrefix = testTopicPrefix();
  const env = {
    KAFKA_BROKERS: testBrokers().join(","),
    DATABASE_URL: database.url,
    POSTBACK_ENV: "development",
    POSTBACK_CATALOG: "./examples/shop",
    TOPIC_PREFIX: topicPrefix,
    PARTITIONS: "2",
  };

  const first = await prepare(env, ["--tenant", "acme"]);
  expect(first).toMatchObject({ code: 0 });
  expect(first.output).toContain(
    `Topics: made ${topicPrefix}commands, ${topicPrefix}commands.payments, ${topicPrefix}events, ${topicPrefix}dead-letters`,
  );
  expect(first.output).toContain("Migration: shop/0001");
  const key = /^pb_dev_(\w{12})_[\w-]{49}$/m.exec(first.output)?.[1];
  expect(await tenantOf(database.url, key)).toBe("acme");

  const second = await prepare(env);
  expect(second).toEqual({ code: 0, output: "Topics: all are there\nMigrations: all are applied\n" });

  const third = await prepare({ ...env, PARTITIONS: "4" });
  expect(third.code).toBe(1);
  expect(third.output).toMatch(/has 2 partitions, this configuration says 4/);
});

test("copies that the cluster can't hold are refused, with the reason", async () => {
  await using database = await createTestDatabase();
  const env = { KAFKA_BROKERS: testBrokers().join(","), DATABASE_URL: database.url, TOPIC_PREFIX: testTopicPrefix() };
  const { code, output } = await prepare({ ...env, POSTBACK_ENV: "production", REPLICATION_FACTOR: "3" });
  expect(code).toBe(1);
  expect(output).toMatch(/Not prepared: Kafka did not make the topics[\s\S]*replication/i);
});

async function tenantOf(url: string, keyId: string | undefined): Promise<string | undefined> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const query = "SELECT t.name FROM tenants t JOIN api_keys k ON k.tenant_id = t.id WHERE k.key_id = $1";
    const { rows } = await client.query<{ name: string }>(query, [keyId]);
    return rows[0]?.name;
  } finally {
    await client.end();
  }
}
