import { describe, expect, it } from "vitest";
import { idSpan } from "./id-span.ts";

const ids = ["019ab000-0000-7000-8000-00000000000b", "019ab000-0000-7000-8000-00000000000a"] as const;

describe("the span of ids", () => {
  it("has the lowest and the highest", () => {
    expect(idSpan(ids)).toEqual([ids[1], ids[0]]);
    expect(idSpan([ids[0]])).toEqual([ids[0], ids[0]]);
  });

  it("of none holds none", () => {
    const [lowest, highest] = idSpan([]);
    expect(lowest > highest).toBe(true);
  });
});
