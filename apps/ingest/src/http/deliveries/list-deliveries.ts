import { deliveryStatusSchema } from "@postback/contracts";
import { notFound } from "../../refusal.ts";
import type { IngestStore } from "../../store.ts";
import { idParam, sendJson } from "../context.ts";
import type { Handler } from "../middleware/authorize.ts";
import { afterOf, pageQuery, presentPage, readQuery } from "../page.ts";
import { presentDelivery } from "./present-delivery.ts";

export interface DeliveriesOptions {
  store: Pick<IngestStore, "findEndpoint" | "listDeliveries" | "findDelivery">;
}

const query = { ...pageQuery, status: deliveryStatusSchema.optional() };

/** An endpoint's deliveries, the newest events first. */
export function listDeliveries({ store }: DeliveriesOptions): Handler {
  return async (ctx, { tenantId, partnerId }) => {
    const { limit, cursor, status } = readQuery(ctx.querystring, query);
    const [eventId, replay] = afterOf(cursor, 2) ?? [];
    const endpointId = idParam(ctx, "id");
    const endpoint = endpointId === undefined ? undefined : await store.findEndpoint(tenantId, endpointId, partnerId);
    if (endpoint === undefined) throw notFound("endpoint");
    const rows = await store.listDeliveries(tenantId, endpoint.id, {
      ...(eventId === undefined || replay === undefined ? {} : { after: { eventId, replay } }),
      ...(status === undefined ? {} : { status }),
      limit: limit + 1,
    });
    const page = presentPage(rows, limit, presentDelivery, (row) => [row.eventId, row.replay]);
    sendJson(ctx, 200, JSON.stringify(page));
  };
}
