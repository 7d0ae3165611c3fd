import { apiKeyPattern } from "@postback/contracts";
import { expect, test } from "vitest";
import { keyIdOf, newApiKey } from "./new-api-key.ts";

test("each key has the shape that the API asks for, and is another", () => {
  const keys = Array.from({ length: 50 }, () => newApiKey("live"));
  for (const key of keys) expect(key).toMatch(apiKeyPattern);
  expect(new Set(keys.map(keyIdOf)).size).toBe(50);
});

test("what is no key has no id", () => {
  expect(keyIdOf("pb_live_short")).toBeUndefined();
});
