import { newId } from "@postback/domain";
import { expect, it } from "vitest";
import { deliveryArrays, deliveryColumns, deliveryNames } from "./delivery-columns.ts";
import type { DeliveryRecord } from "./record-outcomes.ts";

const [tenantId, eventId, one, other] = [newId(), newId(), newId(), newId()];
const of = (endpointId: string, given: Partial<DeliveryRecord>): DeliveryRecord => ({
  ...{ tenantId, eventId, endpointId, replay: newId(), eventType: "order.placed", partition: 1, status: "pending" },
  ...given,
});
const queued = (endpointId: string) => of(endpointId, { orderKey: "" });

it("has as many arrays as the statement has types and names for", () => {
  const columns = deliveryColumns([of(one, {})]).length;
  expect(deliveryArrays(5).split(", ")).toHaveLength(columns);
  expect(deliveryArrays(5)).toMatch(new RegExp(`^\\$5::uuid.*\\$${4 + columns}::integer\\[\\]$`));
  expect(deliveryNames.split(",")).toHaveLength(columns);
});

it("numbers the new ones of each endpoint's queue, and none that is given back, has been tried or is in no queue", () => {
  const attempt = { at: "2026-01-01T00:00:00.000Z", durationMs: 1, outcome: "refused", status: 500 };
  const tried = of(one, { orderKey: "", attempt });
  const back = of(one, { orderKey: "", leaseOwner: "me" });
  const ranks = deliveryColumns([queued(one), tried, queued(other), back, of(one, {}), queued(one)]).at(-1);
  expect(ranks).toEqual([1, undefined, 1, undefined, undefined, 2]);
});

it("leaves out a column that none of them fills", () => {
  expect(deliveryColumns([of(one, {}), of(other, {})]).slice(-4)).toEqual([[], [], [], []]);
});
