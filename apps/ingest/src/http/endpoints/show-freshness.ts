import type { Freshness } from "@postback/contracts";
import { notFound } from "../../refusal.ts";
import type { IngestStore } from "../../store.ts";
import { idParam, sendJson } from "../context.ts";
import type { Handler } from "../middleware/authorize.ts";

export interface FreshnessOptions {
  store: Pick<IngestStore, "findEndpoint" | "readFreshness">;
}

/** How far an endpoint is behind. */
export function showFreshness({ store }: FreshnessOptions): Handler {
  return async (ctx, { tenantId, partnerId }) => {
    const id = idParam(ctx, "id");
    const endpoint = id === undefined ? undefined : await store.findEndpoint(tenantId, id, partnerId);
    if (endpoint === undefined) throw notFound("endpoint");
    const { oldestAcceptedAt, oldestAgeMs, ...counted } = await store.readFreshness(tenantId, endpoint.id);
    const answer: Freshness = {
      ...counted,
      ...(oldestAcceptedAt === undefined ? {} : { oldestAcceptedAt: oldestAcceptedAt.toISOString() }),
      ...(oldestAgeMs === undefined ? {} : { oldestAgeSeconds: Math.max(0, Math.round(oldestAgeMs) / 1000) }),
    };
    sendJson(ctx, 200, JSON.stringify(answer));
  };
}
