import type { OperationStory, ToldEvent } from "@postback/contracts";
import type { OperationRow } from "@postback/database";
import type { IngestStore } from "../../store.ts";
import { presentDelivery } from "../deliveries/present-delivery.ts";
import { presentOperation } from "./present-operation.ts";

export interface StoryOptions {
  store: Pick<IngestStore, "listOperationEvents" | "listDeliveriesOfEvents">;
}

/** An operation tells a handful of events, to some endpoints; more than these are not shown. */
const eventsMax = 100;
const deliveriesMax = 1_000;

/** The whole story of a write: its steps, what it told, who was told and when. */
export async function presentStory({ store }: StoryOptions, row: OperationRow): Promise<OperationStory> {
  const events = await store.listOperationEvents(row.tenantId, row.id, eventsMax);
  const ids = events.map(({ id }) => id);
  const deliveries = ids.length === 0 ? [] : await store.listDeliveriesOfEvents(row.tenantId, ids, deliveriesMax);
  const byEvent = Map.groupBy(deliveries, ({ eventId }) => eventId);
  return {
    ...presentOperation(row),
    events: events.map(({ id, body }) => ({
      id,
      ...(JSON.parse(body) as Omit<ToldEvent, "id" | "deliveries">),
      deliveries: (byEvent.get(id) ?? []).map(presentDelivery),
    })),
  };
}
