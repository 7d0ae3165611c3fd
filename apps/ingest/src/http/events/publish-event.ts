import { publishEventSchema } from "@postback/contracts";
import { z } from "zod";
import type { AcceptEvent } from "../../accept-event.ts";
import { sendJson } from "../context.ts";
import { readJsonAs } from "../json-request.ts";
import type { Handler } from "../middleware/authorize.ts";
import { traceparentOf } from "../traceparent.ts";

/** The contract's schema without its walk through the data: it was parsed from JSON, so it is JSON. */
const bodySchema = publishEventSchema.extend({
  data: z.custom<z.output<typeof publishEventSchema>["data"]>((value) => value !== undefined, "is required"),
});

export function publishEvent(acceptEvent: AcceptEvent): Handler {
  return async (ctx, { tenantId, partnerId }) => {
    const event = await readJsonAs(ctx.req, bodySchema);
    // What a partner tells is for itself and the tenant, not for other partners.
    const audience = partnerId === undefined ? undefined : [partnerId];
    const traceparent = traceparentOf(ctx.req.headers["traceparent"] as string | undefined);
    sendJson(ctx, 202, await acceptEvent(event, { tenantId, audience, traceparent }));
  };
}
