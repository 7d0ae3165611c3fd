import { parseDeliveryId } from "@postback/domain";
import { notFound, Refusal } from "../../refusal.ts";
import type { IngestStore } from "../../store.ts";
import { pathParam, sendJson } from "../context.ts";
import type { Handler } from "../middleware/authorize.ts";
import { endpointDisabled } from "../replays/create-replay.ts";
import { presentDelivery } from "./present-delivery.ts";

export interface RetryDeliveryOptions {
  store: Pick<IngestStore, "retryDelivery" | "findDelivery" | "findEndpoint">;
}

/** Makes a delivery due now, whatever became of it; the dispatchers send it as soon as its endpoint's lane lets them. */
export function retryDelivery({ store }: RetryDeliveryOptions): Handler {
  return async (ctx, { tenantId, partnerId }) => {
    const parsed = parseDeliveryId(pathParam(ctx, "id"));
    if (parsed === undefined) throw notFound("delivery");
    const { eventId, endpointId, replayId } = parsed;
    const key = { eventId, endpointId, replay: replayId };
    const isIts = partnerId === undefined || (await store.findEndpoint(tenantId, endpointId, partnerId)) !== undefined;
    if (!isIts) throw notFound("delivery");
    const { kind } = await store.retryDelivery(tenantId, key);
    if (kind === "sending")
      throw new Refusal("delivery-sending", "It is on its way now. Look at what comes of it first.");
    if (kind === "endpoint-disabled") throw endpointDisabled();
    const row = kind === "unknown" ? undefined : await store.findDelivery(tenantId, key);
    if (row === undefined) throw notFound("delivery");
    sendJson(ctx, 202, JSON.stringify(presentDelivery(row)));
  };
}
