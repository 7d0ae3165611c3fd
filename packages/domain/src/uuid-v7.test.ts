import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkClientId, isUuidV7, newId, timeOfUuidV7, uuidV7At } from "./uuid-v7.ts";

const times = fc.integer({ min: 0, max: 2 ** 48 - 1 });
const tenBytes = fc.uint8Array({ minLength: 10, maxLength: 10 });

describe("UUIDv7", () => {
  it("reads the time of RFC 9562's example", () => {
    // RFC 9562, appendix A.6: 2022-02-22 14:22:22.00 GMT-05:00
    const example = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f";
    expect(isUuidV7(example)).toBe(true);
    expect(timeOfUuidV7(example)).toBe(Date.parse("2022-02-22T14:22:22-05:00"));
  });

  it("makes new ids that carry the present", () => {
    const before = Date.now();
    const id = newId();
    expect(isUuidV7(id)).toBe(true);
    expect(timeOfUuidV7(id)).toBeGreaterThanOrEqual(before);
    expect(timeOfUuidV7(id)).toBeLessThanOrEqual(Date.now());
  });

  it("keeps the time of every id that is made for one", () => {
    fc.assert(
      fc.property(times, tenBytes, (timeMs, random) => {
        const id = uuidV7At(timeMs, random);
        return isUuidV7(id) && timeOfUuidV7(id) === timeMs;
      }),
    );
  });

  it("without random bytes is a lower bound of its millisecond and above all earlier ones", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 48 - 1 }), tenBytes, (timeMs, random) => {
        const bound = uuidV7At(timeMs);
        return bound <= uuidV7At(timeMs, random) && uuidV7At(timeMs - 1, random) < bound;
      }),
    );
  });

  it.each([-1, 2 ** 48, 1.5, Number.NaN])("can't hold the time %d", (timeMs) => {
    expect(() => uuidV7At(timeMs)).toThrow(RangeError);
  });

  it.each([
    "",
    "017F22E2-79B0-7CC3-98C4-DC0C0C07398F",
    "017f22e2-79b0-4cc3-98c4-dc0c0c07398f",
    "017f22e2-79b0-7cc3-c8c4-dc0c0c07398f",
    "017f22e279b07cc398c4dc0c0c07398f",
    "017f22e2-79b0-7cc3-98c4-dc0c0c07398f\n",
    "{017f22e2-79b0-7cc3-98c4-dc0c0c07398f}",
  ])("%j is none", (text) => {
    expect(isUuidV7(text)).toBe(false);
  });
});

describe("checkClientId", () => {
  const now = new Date("2026-11-24T12:00:00Z");
  const at = (offsetMs: number) => uuidV7At(now.getTime() + offsetMs);
  const DAY_MS = 86_400_000;
  const FIVE_MINUTES_MS = 300_000;

  it.each([0, -DAY_MS, FIVE_MINUTES_MS, -1000])("takes an id made %d ms from now", (offsetMs) => {
    expect(checkClientId(at(offsetMs), now)).toBeUndefined();
  });

  it.each([
    [at(-DAY_MS - 1), "too-old"],
    [at(FIVE_MINUTES_MS + 1), "in-the-future"],
    ["00000000-0000-0000-0000-000000000000", "not-uuid-v7"],
    ["order-1", "not-uuid-v7"],
  ])("refuses %s as %s", (id, code) => {
    expect(checkClientId(id, now)?.code).toBe(code);
  });
});
