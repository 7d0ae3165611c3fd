import { expect, test } from "vitest";
import { DevOptionsError, readDevOptions } from "./dev-options.ts";

test("without anything given it is the shop on port 8080, with embedded brokers, demonstrated", () => {
  expect(readDevOptions([], {})).toEqual({
    port: 8080,
    kafka: undefined,
    databaseUrl: undefined,
    catalog: "./examples/shop",
    partitions: 12,
    logLevel: "info",
    isDemonstrated: true,
  });
});

test("brokers that are given are used", () => {
  const env = { KAFKA_BROKERS: "localhost:9092, [::1]:9093", DATABASE_URL: "postgresql://a:b@localhost:5432/c" };
  expect(readDevOptions([], env)).toMatchObject({
    kafka: ["localhost:9092", "[::1]:9093"],
    databaseUrl: "postgresql://a:b@localhost:5432/c",
  });
});

test("port 0 takes a free one", () => {
  expect(readDevOptions([], { PORT: "0" }).port).toBeUndefined();
});

test("the demonstration is left out when asked, and when another catalog is loaded", () => {
  expect(readDevOptions(["--no-demo"], {}).isDemonstrated).toBe(false);
  expect(readDevOptions([], { POSTBACK_CATALOG: "my-operations" }).isDemonstrated).toBe(false);
});

test.each([
  ["an unknown option", ["--fast"], {}, "--fast"],
  ["a word", ["fast"], {}, "fast"],
  ["a port that is none", [], { PORT: "80a" }, "PORT is 80a"],
  ["a port too high", [], { PORT: "65536" }, "from 0 to 65535"],
  ["no partitions", [], { PARTITIONS: "0" }, "from 1 to 1000"],
  ["a broker without a port", [], { KAFKA_BROKERS: "localhost" }, "must be host:port"],
])("%s is said, with what it must be", (_, args, env, words) => {
  expect(() => readDevOptions(args, env)).toThrow(DevOptionsError);
  expect(() => readDevOptions(args, env)).toThrow(words);
});

test("a database URL that can't be used is not shown, since it may hold a password", () => {
  expect(() => readDevOptions([], { DATABASE_URL: "mysql://a:secret@b/c" })).toThrow(/^(?!.*secret).*DATABASE_URL/);
});
