import { expect, test } from "vitest";
import { AppStartFailure } from "../../packages/local-stack/src/index.ts";
import { explainFailure } from "./explain-failure.ts";

const coded = (message: string, code: string) => Object.assign(new Error(message), { code });

test("a failure that knows its remedy shows it", () => {
  const failure = Object.assign(new Error("Port 8080 is taken."), { remedy: "PORT=8081 npm start" });
  expect(explainFailure(failure)).toBe("Port 8080 is taken.\n\nPORT=8081 npm start");
});

test("a program's log that ends with what to do is shown as it is", () => {
  const failure = new AppStartFailure("ingest ended.", "write ENOSPC", "ingest.log");
  expect(explainFailure(failure)).toBe(failure.message);
  expect(failure.message).toMatch(/The disk is full/);
});

test.each([
  ["a full disk", coded("write", "ENOSPC"), /disk is full/],
  ["no Kafka", coded("none of localhost:9092 answers", "kafka-unavailable"), /KAFKA_BROKERS/],
  ["a wrong password", coded("password authentication failed", "28P01"), /DATABASE_URL/],
  [
    "no database server",
    new AggregateError([coded("connect ECONNREFUSED ::1:5432", "ECONNREFUSED")], ""),
    /DATABASE_URL/,
  ],
])("%s is said with what to do", (_, error, words) => {
  expect(explainFailure(error)).toMatch(words);
});

test("what nobody foresaw is shown whole", () => {
  const error = new Error("odd");
  expect(explainFailure(error)).toContain(error.stack);
});
