import { describe, expect, test } from "vitest";
import { classifyFailure } from "./classify-failure.ts";
import { isQuickTransient } from "./classify-http-failure.ts";
import { refuse, tryLater } from "./refusal.ts";

const databaseError = (code: string) => Object.assign(new Error("secret detail"), { severity: "ERROR", code });
const httpError = (statusCode: number, headers = {}) =>
  Object.assign(new Error("failed"), { code: "ERR_NON_2XX_3XX_RESPONSE", response: { statusCode, headers } });
const networkError = (code: string) => Object.assign(new Error("network"), { code });

describe("the errors that a step throws on purpose", () => {
  test("a refusal is permanent and proves that nothing was done", () => {
    expect(classifyFailure(refuse("no-stock", "None left"), "http")).toEqual({
      kind: "permanent",
      error: { code: "no-stock", message: "None left" },
      effect: "none",
    });
  });

  test("try later is transient, says for how long, and proves nothing unless it says so", () => {
    const error = { code: "try-later", message: "Closed" };
    expect(classifyFailure(tryLater("Closed", { retryAfterMs: 5 }), "task")).toEqual({
      kind: "transient",
      error,
      effect: "unknown",
      retryAfterMs: 5,
    });
    expect(classifyFailure(tryLater("Closed", { effect: "none" }), "task")).toEqual({
      kind: "transient",
      error,
      effect: "none",
    });
  });

  test("are known when they come from another copy of this package", async () => {
    const otherCopy: string = "./refusal.ts?copy";
    const copy: typeof import("./refusal.ts") = await import(otherCopy);
    expect(copy.Refuse).not.toBe(refuse("a", "b").constructor);
    expect(classifyFailure(copy.refuse("a", "b"), "task")).toMatchObject({ kind: "permanent", error: { code: "a" } });
  });
});

describe("SQLSTATEs", () => {
  test.each(["40001", "40P01", "08006", "57P01", "53300", "55P03", "57014", "25P03", "XX000"])(
    "%s is transient",
    (code) => {
      expect(classifyFailure(databaseError(code), "transaction")).toMatchObject({ kind: "transient", effect: "none" });
    },
  );
  test.each(["22001", "22P02", "23505", "23514", "42P01", "42601", "44000", "P0001", "21000"])(
    "%s is permanent",
    (code) => {
      expect(classifyFailure(databaseError(code), "transaction")).toMatchObject({ kind: "permanent", effect: "none" });
    },
  );
  test("of another database than the checkpoint's prove nothing about its effect", () => {
    expect(classifyFailure(databaseError("40001"), "task")).toMatchObject({ effect: "unknown" });
  });
  test("are shown by their code, never by their message, which may hold data", () => {
    expect(JSON.stringify(classifyFailure(databaseError("23505"), "transaction"))).not.toContain("secret");
  });
});

describe("answers", () => {
  test.each([
    [400, "permanent", "none"],
    [404, "permanent", "none"],
    [422, "permanent", "none"],
    [408, "transient", "unknown"],
    [425, "transient", "unknown"],
    [429, "transient", "unknown"],
    [500, "transient", "unknown"],
    [503, "transient", "unknown"],
  ] as const)("%d is %s, with effect %s", (status, kind, effect) => {
    expect(classifyFailure(httpError(status), "http")).toMatchObject({
      kind,
      effect,
      error: { code: `http-${status}` },
    });
  });

  test("a step says what its statuses mean", () => {
    const refusals = { 402: { code: "card-declined", message: "Declined" }, 409: "transient" } as const;
    expect(classifyFailure(httpError(402), "http", refusals)).toEqual({
      kind: "permanent",
      error: refusals[402],
      effect: "none",
    });
    expect(classifyFailure(httpError(409), "http", refusals)).toMatchObject({ kind: "transient" });
  });

  test("Retry-After in seconds is kept, a date is not read", () => {
    expect(classifyFailure(httpError(503, { "retry-after": "7" }), "http")).toMatchObject({ retryAfterMs: 7_000 });
    const dated = classifyFailure(httpError(503, { "retry-after": "Tue, 24 Nov 2026 09:00:00 GMT" }), "http");
    expect(dated).not.toHaveProperty("retryAfterMs");
  });

  test.each([
    ["ECONNREFUSED", "transient", "none"],
    ["ENOTFOUND", "transient", "none"],
    ["ECONNRESET", "transient", "unknown"],
    ["ETIMEDOUT", "transient", "unknown"],
    ["ERR_BODY_PARSE_FAILURE", "transient", "unknown"],
    ["ERR_TOO_MANY_REDIRECTS", "permanent", "unknown"],
    ["ERR_ANSWER_TOO_LARGE", "permanent", "unknown"],
  ] as const)("%s is %s, with effect %s", (code, kind, effect) => {
    expect(classifyFailure(networkError(code), "http")).toMatchObject({ kind, effect });
  });

  test("only what may be over in a moment is tried again at once", () => {
    expect([502, 503, 504].map((status) => isQuickTransient(httpError(status), {}))).toEqual([true, true, true]);
    expect([402, 429, 500].map((status) => isQuickTransient(httpError(status), {}))).toEqual([false, false, false]);
    expect(["ECONNREFUSED", "ETIMEDOUT"].map((code) => isQuickTransient(networkError(code), {}))).toEqual([
      true,
      false,
    ]);
    expect(isQuickTransient(httpError(503), { 503: "transient" })).toBe(false);
  });
});

test("an unknown error is tried again, counts as possibly done, and shows nothing of itself", () => {
  const outcome = classifyFailure(new TypeError("x.secret is not a function"), "task");
  expect(outcome).toMatchObject({ kind: "transient", effect: "unknown", error: { code: "unexpected-error" } });
  expect(JSON.stringify(outcome)).not.toContain("secret");
  expect(classifyFailure("a string", "transaction")).toMatchObject({ kind: "transient", effect: "none" });
});
