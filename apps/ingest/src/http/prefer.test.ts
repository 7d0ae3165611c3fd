import { describe, expect, test } from "vitest";
import { readPrefer } from "./prefer.ts";

describe("the header Prefer (RFC 7240)", () => {
  test.each([
    ["wait=10", 10, "wait=10"],
    ['WAIT = "7"', 7, "wait=7"],
    ["respond-async, wait=3", 3, "wait=3"],
    ["wait=3, wait=9", 3, "wait=3"],
    ["return=minimal; foo=bar, wait=5;x=y", 5, "wait=5"],
    ["wait=600", 60, "wait=60"],
    ["wait=0", 0, "wait=0"],
    ["respond-async", 0, "respond-async"],
  ])("%s waits %d s and is applied as %s", (header, waitSeconds, applied) => {
    expect(readPrefer(header)).toEqual({ waitSeconds, applied });
  });

  test.each([undefined, "", "wait", "wait=-1", "wait=1.5", "wait=soon", "return=minimal", ",;=,"])(
    "%s asks for nothing that is known here",
    (header) => {
      expect(readPrefer(header)).toBeUndefined();
    },
  );
});
