import { expect, test } from "vitest";
import { parseApiKey } from "./parse-api-key.ts";

const secret = "A".repeat(43);

test.each(["Bearer", "bearer", "BEARER  "])("reads a key behind %s", (scheme) => {
  expect(parseApiKey(`${scheme} pb_live_abcDEF123456_${secret}`)).toMatchObject({ keyId: "abcDEF123456", secret });
});

test("reads a secret that has underscores in it", () => {
  const underscored = `_${"-_".repeat(21)}`;
  expect(parseApiKey(`Bearer pb_dev_abcDEF123456_${underscored}`)?.secret).toBe(underscored);
});

test.each([
  undefined,
  "",
  "Bearer",
  `Basic pb_live_abcDEF123456_${secret}`,
  `Bearer pb_live_abcDEF12345_${secret}`,
  `Bearer pb_live_abcDEF123456_${secret}x`,
  `Bearer pb_live_abcDEF123456_${secret} x`,
  `Bearer sk_live_abcDEF123456_${secret}`,
])("finds no key in %j", (header) => {
  expect(parseApiKey(header)).toBeUndefined();
});
