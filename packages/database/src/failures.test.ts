import { describe, expect, it } from "vitest";
import { isDataFailure, sqlStateOf, wasRefused } from "./failures.ts";

const failure = (code: unknown) => Object.assign(new Error("failed"), { code });

describe("a failure of a statement", () => {
  it.each([
    ["22P02", true, true],
    ["23505", true, true],
    ["40001", false, true],
    ["40P01", false, true],
    ["42P01", false, true],
    // A statement timeout, unlike the ends of a connection below it.
    ["57014", false, true],
    ["57P01", false, false],
    ["57P05", false, false],
    ["08006", false, false],
    ["58030", false, false],
    ["XX000", false, false],
    ["ECONNRESET", false, false],
    [undefined, false, false],
  ])("with the code %s is the data's fault: %s, surely without effect: %s", (code, ofData, refused) => {
    expect(isDataFailure(failure(code))).toBe(ofData);
    expect(wasRefused(failure(code))).toBe(refused);
  });

  it("has an SQLSTATE only where it is an error of the server", () => {
    expect(sqlStateOf(failure("23514"))).toBe("23514");
    expect(sqlStateOf(failure("ECONNRESET"))).toBeUndefined();
    expect(sqlStateOf({ code: "23514" })).toBeUndefined();
  });
});
