import { expect, test } from "vitest";
import { readIngestConfig } from "./config.ts";

const env = {
  KAFKA_BROKERS: "localhost:9092",
  DATABASE_URL: "postgres://localhost/postback",
  SECRET_KEYRING: `k1:${Buffer.alloc(32).toString("base64")}`,
};

test("reads the keyring and the subnets into what they stand for", () => {
  const config = readIngestConfig({ ...env, ALLOWED_SUBNETS: "10.0.0.0/8, fd00::/8" });
  expect(config.SECRET_KEYRING.newest).toBe("k1");
  expect(config.ALLOWED_SUBNETS.map(({ prefixBits }) => prefixBits)).toEqual([8, 8]);
});

test.each([
  ["SECRET_KEYRING", "k1:short"],
  ["ALLOWED_SUBNETS", "10.0.0.1/8"],
  ["ALLOW_HTTP", "true"],
])("refuses %s=%s in production", (name, value) => {
  expect(() => readIngestConfig({ ...env, [name]: value })).toThrow(name);
});

test("never repeats the keyring in what it complains about", () => {
  expect(() => readIngestConfig({ ...env, SECRET_KEYRING: "k1:hunter2" })).toThrow(
    expect.objectContaining({ message: expect.not.stringContaining("hunter2") }),
  );
});
