import type { Delivery } from "@postback/contracts";
import { deliveryId, LIVE, TEST_EVENT_TYPE } from "@postback/domain";
import type { AcceptEvent } from "../../accept-event.ts";
import { notFound, Refusal } from "../../refusal.ts";
import type { IngestStore } from "../../store.ts";
import { idParam, sendJson } from "../context.ts";
import type { Handler } from "../middleware/authorize.ts";
import { traceparentOf } from "../traceparent.ts";

export interface TestEndpointOptions {
  store: Pick<IngestStore, "findEndpoint">;
  acceptEvent: AcceptEvent;
}

/** Its row comes with the end of the first attempt, or when that takes longer than a second. */
const rowAfterSeconds = 1;

/**
 * Sends an event to one endpoint alone, whatever it subscribes to, on the way that all events go: so what works for it
 * works for them.
 */
export function testEndpoint({ store, acceptEvent }: TestEndpointOptions): Handler {
  return async (ctx, { tenantId, partnerId }) => {
    const id = idParam(ctx, "id");
    const endpoint = id === undefined ? undefined : await store.findEndpoint(tenantId, id, partnerId);
    if (endpoint === undefined) throw notFound("endpoint");
    if (!endpoint.enabled) {
      throw new Refusal("endpoint-disabled", `The endpoint is disabled (${endpoint.disabledReason}): enable it first.`);
    }
    const traceparent = traceparentOf(ctx.req.headers["traceparent"] as string | undefined);
    const data = { endpointId: endpoint.id, message: "A test event: nothing has happened." };
    // No other partner's, nor anyone's where it is the tenant's own.
    const audience = endpoint.partnerId === null ? [] : [endpoint.partnerId];
    const context = { tenantId, audience, traceparent, endpointId: endpoint.id };
    const told = await acceptEvent({ type: TEST_EVENT_TYPE, data }, context);
    const delivery = firstOf((JSON.parse(told) as { id: string }).id, endpoint.id);
    ctx.res.setHeader("location", `/v1/deliveries/${delivery.id}`);
    ctx.res.setHeader("retry-after", String(rowAfterSeconds));
    sendJson(ctx, 202, JSON.stringify(delivery));
  };
}

const firstOf = (eventId: string, endpointId: string): Delivery => ({
  id: deliveryId({ eventId, endpointId, replayId: LIVE }),
  eventId,
  eventType: TEST_EVENT_TYPE,
  endpointId,
  status: "pending",
  attempts: [],
});
