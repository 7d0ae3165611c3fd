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

const remote = () => true;

it("hands over a step whose queue others carry, and no other", () => {
  expect(stepToHandOver(at("reserve"), shape, remote)).toBeUndefined();
  expect(stepToHandOver(at("charge"), shape, remote)).toBe("charge");
  expect(stepToHandOver(at("charge"), shape, () => false)).toBeUndefined();
});

it("hands over nothing while the step waits for a retry, once the operation goes back, or when it has ended", () => {
  expect(stepToHandOver({ ...at("charge"), nextAttemptAt: new Date(1) }, shape, remote)).toBeUndefined();
  const cause = { kind: "cancel", code: "cancelled", message: "" } as const;
  expect(stepToHandOver({ ...at("charge"), cause }, shape, remote)).toBeUndefined();
  expect(stepToHandOver({ ...at("charge"), status: "succeeded" }, shape, remote)).toBeUndefined();
});
