import type { WebhookReceiver } from "../receive/create-receiver.ts";
import { answerTo, type NodeRequest } from "./node-handler.ts";

/** What is used of Koa's context. `rawBody` is there where koa-bodyparser or @koa/bodyparser ran before. */
export interface KoaContext {
  readonly req: NodeRequest;
  readonly request: { readonly rawBody?: unknown; readonly body?: unknown };
  status: number;
  body: unknown;
}

/** For a route of Koa: `router.post("/hooks", koaMiddleware(receiver))`. */
export const koaMiddleware =
  (receiver: WebhookReceiver) =>
  async (context: KoaContext): Promise<void> => {
    const { rawBody, body: parsed } = context.request;
    const { status, body } = await answerTo(receiver, context.req, rawBody ?? parsed);
    context.status = status;
    context.body = status === 204 ? null : body;
  };
