import { expect, test } from "vitest";
import { z } from "zod";
import { ConfigError, defineConfig, describeConfig, readConfig, setting } from "./config.ts";
import { integerText, sharedSettings } from "./shared-settings.ts";

const definition = defineConfig({
  PORT: setting(integerText(0, 65_535), { default: "8080", description: "Port" }),
  TOKEN: setting(z.string().min(8, "must have 8 characters"), { description: "A secret", secret: true }),
  NAME: setting(z.string().optional(), { description: "A name" }),
});

const problemsOf = (env: Record<string, string>) => {
  try {
    readConfig(definition, env);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error("the environment was taken");
};

test("reads what is given and takes defaults for the rest, an empty variable included", () => {
  expect(readConfig(definition, { PORT: "", TOKEN: "long enough" })).toEqual({
    PORT: 8080,
    TOKEN: "long enough",
    NAME: undefined,
  });
});

test("names every problem at once, with what was given, and never a secret", () => {
  const error = problemsOf({ PORT: "http", TOKEN: "hunter2" });
  expect(error.problems.map(({ variable }) => variable)).toEqual(["PORT", "TOKEN"]);
  expect(error.message).toContain('(given: "http")');
  expect(error.message).toContain("must have 8 characters");
  expect(error.message).not.toContain("hunter2");
});

test("says that a variable is required, and what it is for", () => {
  expect(problemsOf({}).message).toContain("TOKEN: is required: A secret");
});

test("describes each variable: its default, whether it is required, whether it is secret", () => {
  expect(describeConfig(definition)).toEqual([
    { variable: "PORT", description: "Port", default: "8080", required: false, secret: false },
    { variable: "TOKEN", description: "A secret", required: true, secret: true },
    { variable: "NAME", description: "A name", required: false, secret: false },
  ]);
});

test.each(["0x10", " 1", "1e3", "-1", "1.5", "70000", "99999999999999999999"])("refuses %j as a port", (text) => {
  expect(problemsOf({ PORT: text, TOKEN: "long enough" }).problems).toHaveLength(1);
});

test.each([
  ["KAFKA_BROKERS", "localhost"],
  ["KAFKA_BROKERS", ","],
  ["DATABASE_URL", "mysql://localhost/x"],
  ["PARTITIONS", "0"],
  ["LOG_FORMAT", "xml"],
  ["TOPIC_PREFIX", "a b"],
] as const)("refuses %s=%j", (name, text) => {
  expect(() => readConfig({ [name]: sharedSettings[name] }, { [name]: text })).toThrow(ConfigError);
});

test("takes several brokers, IPv6 too", () => {
  const { KAFKA_BROKERS } = readConfig(
    { KAFKA_BROKERS: sharedSettings.KAFKA_BROKERS },
    { KAFKA_BROKERS: "a:9092, [::1]:9093" },
  );
  expect(KAFKA_BROKERS).toEqual(["a:9092", "[::1]:9093"]);
});
