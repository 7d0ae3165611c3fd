import type { IngestStore } from "../../store.ts";
import { idParam, sendJson } from "../context.ts";
import type { Handler } from "../middleware/authorize.ts";
import { originalOf, unknownOperation } from "./show-operation.ts";

export interface ListEventsOptions {
  store: Pick<IngestStore, "loadOperation" | "listOperationEvents">;
}

/** An operation tells a handful of events; more than this are not shown. */
const eventsMax = 1_000;

/** What an operation has told, in order. The bodies are put into the answer as they were sent, byte for byte. */
export function listEvents({ store }: ListEventsOptions): Handler {
  return async (ctx, { tenantId }) => {
    const id = idParam(ctx, "id");
    const row = id === undefined ? undefined : await store.loadOperation(tenantId, id);
    if (row === undefined) throw unknownOperation(id, Date.now());
    const original = await originalOf(store, tenantId, row);
    const events = await store.listOperationEvents(tenantId, original.id, eventsMax);
    sendJson(ctx, 200, `{"data":[${events.map(withId).join(",")}]}`);
  };
}

/** An event's body is a JSON object that is never empty: its id goes in front. */
const withId = ({ id, body }: { id: string; body: string }): string => `{"id":${JSON.stringify(id)},${body.slice(1)}`;
