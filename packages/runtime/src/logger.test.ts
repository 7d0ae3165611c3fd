import { expect, test } from "vitest";
import { createLogger } from "./logger.ts";

function lines() {
  const written: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void written.push(JSON.parse(line)) };
  return { written, logger: createLogger({ app: "test", level: "info", format: "json", destination }) };
}

test("keeps the fields of the list and leaves out all others, naming them", () => {
  const { written, logger } = lines();
  logger.info({ operationId: "1", body: "private", authorization: "Bearer x", url: "/?token=x" }, "operation.accepted");
  expect(written[0]).toMatchObject({ msg: "operation.accepted", operationId: "1", app: "test", level: "info" });
  expect(written[0]?.["dropped"]).toEqual(["body", "authorization", "url"]);
  expect(JSON.stringify(written)).not.toMatch(/private|Bearer|token=/);
});

test("logs of an error its type, message, code, stack and causes, and none of its other properties", () => {
  const { written, logger } = lines();
  const cause = Object.assign(new Error("no route"), { code: "EHOSTUNREACH" });
  const error = Object.assign(new Error("gone", { cause }), { code: "23505", detail: "Key (card)=(4111) exists" });
  logger.error({ err: error }, "failed");
  expect(written[0]?.["err"]).toMatchObject({ type: "Error", message: "gone", code: "23505" });
  expect(written[0]).toHaveProperty("err.cause.code", "EHOSTUNREACH");
  expect(JSON.stringify(written)).not.toContain("4111");
});

test("logs what was taken apart already as it is, and of what is no error what it was", () => {
  const { written, logger } = lines();
  const [type, message, stack] = [
    "TypeError",
    "x is not a function",
    "TypeError: x is not a function\n    at step.ts:1",
  ];
  for (const err of [{ type, message, stack, detail: "private" }, "gone", { card: "private" }, undefined])
    logger.error({ err }, "failed");
  expect(written.map(({ err }) => err)).toEqual([
    { type, message, stack },
    { message: "gone" },
    { message: "an object was thrown: card" },
    undefined,
  ]);
});

test("cuts a value that is too long, and writes a bigint as text", () => {
  const { written, logger } = lines();
  logger.info({ detail: "x".repeat(5000), number: 2n ** 60n }, "long");
  expect(written[0]?.["detail"]).toBe(`${"x".repeat(1000)}…`);
  expect(written[0]?.["number"]).toBe("1152921504606846976");
});
