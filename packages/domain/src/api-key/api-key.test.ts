import { expect, test } from "vitest";
import { apiKeyPrefix, drawApiKey, hashKeySecret, isKeyId, readApiKey } from "./api-key.ts";

test("each key is another, and is read as it was drawn", () => {
  const keys = Array.from({ length: 50 }, () => drawApiKey("live"));
  expect(new Set(keys).size).toBe(50);
  for (const key of keys) {
    const parts = readApiKey(key);
    expect(parts).toMatchObject({ env: "live", keyId: expect.stringMatching(/^[A-Za-z0-9]{12}$/) });
    expect(key.startsWith(apiKeyPrefix("live", parts?.keyId ?? ""))).toBe(true);
    expect(parts && isKeyId(parts.keyId)).toBe(true);
  }
});

test("a key that was mistyped anywhere is none", () => {
  const key = drawApiKey("live");
  for (let at = 3; at < key.length; at += 1) {
    const other = key[at] === "x" ? "y" : "x";
    const mistyped = key.slice(0, at) + other + key.slice(at + 1);
    expect([at, readApiKey(mistyped)]).toEqual([at, undefined]);
  }
});

test("a key from before there were checksums is still one", () => {
  const secret = "s".repeat(43);
  expect(readApiKey(`pb_dev_abcDEF123456_${secret}`)).toEqual({ env: "dev", keyId: "abcDEF123456", secret });
});

test.each(["", "pb_live_short", `pb_LIVE_abcDEF123456_${"s".repeat(43)}`, `${drawApiKey("dev")} `, "Bearer x"])(
  "%j is no key",
  (text) => expect(readApiKey(text)).toBeUndefined(),
);

test("of a secret its SHA-256 is kept (FIPS 180-4: abc)", () => {
  expect(hashKeySecret("abc").toString("hex")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});
