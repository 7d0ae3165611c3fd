import { describe, expect, it } from "vitest";
import { noveltyOf } from "./partition-state.ts";

const fresh = (recordedOffset = -1, recordedNumber = 0n) => ({ recordedOffset, recordedNumber, seenNumber: 0n });

describe("noveltyOf", () => {
  it("takes what is beyond all that was recorded as new", () => {
    expect(noveltyOf(fresh(9), 10, undefined)).toBe("new");
    expect(noveltyOf(fresh(9, 5n), 10, 6n)).toBe("new");
  });

  it("asks for what is at or below a recorded offset or number", () => {
    expect(noveltyOf(fresh(10), 10, undefined)).toBe("maybe-recorded");
    expect(noveltyOf(fresh(9, 6n), 10, 6n)).toBe("maybe-recorded");
  });

  it("drops a number that it has seen, which a new owner of the partition published again", () => {
    const state = fresh();
    expect(noveltyOf(state, 0, 7n)).toBe("new");
    expect(noveltyOf(state, 1, 7n)).toBe("repeated");
    expect(noveltyOf(state, 2, 6n)).toBe("repeated");
    expect(noveltyOf(state, 3, 8n)).toBe("new");
  });

  it("never drops an event without a number", () => {
    const state = fresh();
    noveltyOf(state, 0, 7n);
    expect(noveltyOf(state, 1, undefined)).toBe("new");
  });
});
