import fc from "fast-check";
import { expect, it } from "vitest";
import { deadLetterId, parseDeadLetterId } from "./dead-letter-id.ts";

const place = { topic: "acme.commands", partition: 2, offset: 42 };
const id = deadLetterId(place);
const withBytes = (...bytes: number[]) => `dlt_${Buffer.from(bytes).toString("base64url")}`;

it("is read back to its place", () => {
  const places = fc.record({
    topic: fc.stringMatching(/^[a-zA-Z0-9._-]{1,249}$/),
    partition: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
    offset: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  });
  fc.assert(
    fc.property(places, (each) => {
      expect(parseDeadLetterId(deadLetterId(each))).toEqual(each);
    }),
  );
});

it("is the same in every release: whoever notes it finds the letter again", () => {
  expect(id).toBe("dlt_AAAAAgAAAAAAAAAqYWNtZS5jb21tYW5kcw");
});

it.each([
  "",
  "dlt_",
  id.slice(4),
  `${id}=`,
  `${id}A`,
  id.replace("dlt_", "DLT_"),
  withBytes(0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 42),
  withBytes(0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 42, 0),
  withBytes(0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 42, 0x20),
  withBytes(255, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 42, 0x61),
  withBytes(0, 0, 0, 2, 255, 0, 0, 0, 0, 0, 0, 42, 0x61),
  withBytes(0, 0, 0, 2, 0x7f, 0, 0, 0, 0, 0, 0, 42, 0x61),
  withBytes(...new Array<number>(300).fill(0x61)),
])("refuses %j", (text) => {
  expect(parseDeadLetterId(text)).toBeUndefined();
});
