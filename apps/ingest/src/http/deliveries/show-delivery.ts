import { parseDeliveryId } from "@postback/domain";
import { notFound } from "../../refusal.ts";
import { pathParam, sendJson } from "../context.ts";
import type { Handler } from "../middleware/authorize.ts";
import type { DeliveriesOptions } from "./list-deliveries.ts";
import { presentDelivery } from "./present-delivery.ts";

export function showDelivery({ store }: DeliveriesOptions): Handler {
  return async (ctx, { tenantId, partnerId }) => {
    const key = parseDeliveryId(pathParam(ctx, "id"));
    if (key === undefined) throw notFound("delivery");
    const { eventId, endpointId, replayId } = key;
    // A partner's are those to its own endpoints.
    const isIts = partnerId === undefined || (await store.findEndpoint(tenantId, endpointId, partnerId)) !== undefined;
    if (!isIts) throw notFound("delivery");
    const row = await store.findDelivery(tenantId, { eventId, endpointId, replay: replayId });
    if (row === undefined) throw notFound("delivery");
    sendJson(ctx, 200, JSON.stringify(presentDelivery(row)));
  };
}
