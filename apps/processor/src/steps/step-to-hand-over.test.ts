import { type DefinitionShape, defaultCompensateRetry, defaultRetry, initialState } from "@postback/domain";
import { expect, it } from "vitest";
import { stepToHandOver } from "./step-to-hand-over.ts";

const step = { kind: "http", compensable: true, retry: defaultRetry, compensateRetry: defaultCompensateRetry } as const;
const shape: DefinitionShape = {
  deadlineMs: 60_000,
  steps: [
    { ...step, name: "reserve" },
    { ...step, name: "charge", queue: "payments" },
  ],
};
const at = (name: string) => ({ ...initialState(shape, new Date(0)), status: "running" as const, step: name });

it("hands over a step that has a queue, and no other", () => {
  expect(stepToHandOver(at("reserve"), shape)).toBeUndefined();
  expect(stepToHandOver(at("charge"), shape)).toBe("charge");
});

it("hands over nothing while the step waits for a retry, once the operation goes back, or when it has ended", () => {
  expect(stepToHandOver({ ...at("charge"), nextAttemptAt: new Date(1) }, shape)).toBeUndefined();
  const cause = { kind: "cancel", code: "cancelled", message: "" } as const;
  expect(stepToHandOver({ ...at("charge"), cause }, shape)).toBeUndefined();
  expect(stepToHandOver({ ...at("charge"), status: "succeeded" }, shape)).toBeUndefined();
});
