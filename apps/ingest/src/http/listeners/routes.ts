import type { IncomingHttpHeaders } from "node:http";
import type { Router } from "@koa/router";
import { limits } from "@postback/contracts";
import type { Listeners } from "../../listen/listeners.ts";
import { pathParam } from "../context.ts";
import { readBody } from "../read-body.ts";

export interface ListenerRoutesOptions {
  listeners: Pick<Listeners, "relay">;
}

/** What belongs to the webhook; the others are the connection's. */
const relayed = /^(webhook-|postback-|ce-|traceparent$|content-type$|user-agent$)/;

/**
 * `POST /listeners/{token}`: where a dispatcher posts webhooks for who listens over `/v1/stream`. It is none of the API: the
 * token is known to the endpoint's URL alone, and the receiver checks the signature.
 */
export function listenerRoutes(router: Router, { listeners }: ListenerRoutesOptions): void {
  router.post("/listeners/:token", async (ctx) => {
    const bytes = await readBody(ctx.req, limits.bodyMaxBytes + limits.messageOverheadMaxBytes);
    const { status, body = "" } = await listeners.relay(
      pathParam(ctx, "token"),
      relayedHeaders(ctx.req.headers),
      bytes.toString("utf8"),
    );
    ctx.status = status;
    ctx.type = "text/plain";
    ctx.body = body;
  });
}

const relayedHeaders = (headers: IncomingHttpHeaders): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (relayed.test(name) ? [[name, String(value)]] : [])),
  );
