import { operationSchema } from "@postback/contracts";
import type { OperationRow } from "@postback/database";
import { expect, test } from "vitest";
import { presentOperation } from "./present-operation.ts";

const at = new Date("2026-11-24T09:30:00.000Z");
const row: OperationRow = {
  tenantId: "0192f0c1-2b5e-7c3a-9d5e-3f1a5b7c9d00",
  id: "0192f0c1-2b5e-7c3a-9d5e-3f1a5b7c9d01",
  type: "order.place",
  revision: 3,
  entityType: "order",
  entityId: "order-1",
  partition: 1,
  position: "4398046511105",
  status: "failed",
  version: 9,
  input: '{"paymentToken":"tok_declined"}',
  step: null,
  steps: [
    { name: "reserve-stock", status: "compensated", attempts: 1, effect: "done", output: { private: 1 } },
    { name: "charge-payment", status: "failed", attempts: 2, error: { code: "card-declined", message: "Declined" } },
  ],
  cause: { kind: "failure", code: "card-declined", message: "Declined" },
  result: null,
  error: { code: "card-declined", message: "Declined", step: "charge-payment", rolledBack: true },
  request: null,
  dispatchedStep: null,
  dispatchedVersion: null,
  duplicateOf: null,
  audience: null,
  traceparent: null,
  nextAttemptAt: null,
  createdAt: at,
  updatedAt: at,
  completedAt: at,
};

test("shows what the contract has, and neither the input nor what steps gave back", () => {
  const shown = presentOperation(row);
  expect(operationSchema.parse(shown)).toEqual(shown);
  expect(shown.steps).toEqual([
    { name: "reserve-stock", status: "compensated", attempts: 1 },
    { name: "charge-payment", status: "failed", attempts: 2, error: { code: "card-declined", message: "Declined" } },
  ]);
  expect(JSON.stringify(shown)).not.toMatch(/private|tok_declined|tenant/);
});

test("leaves out what isn't there", () => {
  const shown = presentOperation({ ...row, status: "accepted", step: "reserve-stock", error: null, completedAt: null });
  expect(Object.keys(shown).sort()).toEqual(
    ["createdAt", "entity", "id", "links", "status", "step", "steps", "type", "updatedAt"].sort(),
  );
});
