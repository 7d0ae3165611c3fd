import { expect, test } from "vitest";
import { readProcessorConfig } from "./config.ts";

const env = { KAFKA_BROKERS: "localhost:9092", DATABASE_URL: "postgres://localhost/postback" };

test("keys live 14 days and rows 30 when nothing is said", () => {
  expect(readProcessorConfig(env)).toMatchObject({ IDEMPOTENCY_DAYS: 14, RETENTION_DAYS: 30 });
});

test.each([
  ["7", "8"],
  ["29", "30"],
])("takes keys of %s days with rows of %s", (IDEMPOTENCY_DAYS, RETENTION_DAYS) => {
  expect(readProcessorConfig({ ...env, IDEMPOTENCY_DAYS, RETENTION_DAYS })).toMatchObject({
    IDEMPOTENCY_DAYS: Number(IDEMPOTENCY_DAYS),
  });
});

test.each([
  ["6", "30"],
  ["14", "14"],
  ["31", "30"],
])("refuses keys of %s days with rows of %s, and says the rule", (IDEMPOTENCY_DAYS, RETENTION_DAYS) => {
  expect(() => readProcessorConfig({ ...env, IDEMPOTENCY_DAYS, RETENTION_DAYS })).toThrow(
    `topics (7 days) ≤ IDEMPOTENCY_DAYS (${IDEMPOTENCY_DAYS}) < RETENTION_DAYS (${RETENTION_DAYS})`,
  );
});
