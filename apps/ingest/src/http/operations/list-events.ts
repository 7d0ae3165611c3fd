import type { OperationEventRow } from "@postback/database";
import { type FilteredEvent, mayPartnerSee, type SeenEvent } from "@postback/domain";
import type { IngestStore } from "../../store.ts";
import { idParam, sendJson } from "../context.ts";
import type { Handler } from "../middleware/authorize.ts";
import { seenOperation } from "./seen-operation.ts";
import { originalOf, unknownOperation } from "./show-operation.ts";

export interface ListEventsOptions {
  store: Pick<IngestStore, "loadOperation" | "listOperationEvents">;
}

/** An operation tells a handful of events; more than this are not shown. */
const eventsMax = 1_000;

/** What an operation has told, in order. The bodies are put into the answer as they were sent, byte for byte. */
export function listEvents({ store }: ListEventsOptions): Handler {
  return async (ctx, caller) => {
    const { tenantId, partner } = caller;
    const id = idParam(ctx, "id");
    const row = seenOperation(id === undefined ? undefined : await store.loadOperation(tenantId, id), caller);
    if (row === undefined) throw unknownOperation(id, Date.now());
    const original = await originalOf(store, tenantId, row);
    const events = await store.listOperationEvents(tenantId, original.id, eventsMax);
    const seen = partner === undefined ? events : events.filter((event) => mayPartnerSee(withContent(event), partner));
    sendJson(ctx, 200, `{"data":[${seen.map(withId).join(",")}]}`);
  };
}

/** An event's body is a JSON object that is never empty: its id goes in front. */
const withId = ({ id, body }: { id: string; body: string }): string => `{"id":${JSON.stringify(id)},${body.slice(1)}`;

const withContent = ({ type, audience, body }: OperationEventRow): SeenEvent => ({
  type,
  audience,
  content: () => JSON.parse(body) as FilteredEvent,
});
