/** The receiver's side of webhooks: Standard Webhooks 1.0, with nothing but Node's own library. */
export { fetchHandler } from "./adapters/fetch-handler.ts";
export { type KoaContext, koaMiddleware } from "./adapters/koa-middleware.ts";
export { type NodeRequest, type NodeResponse, nodeHandler } from "./adapters/node-handler.ts";
export {
  type Answer,
  createReceiver,
  type Delivery,
  type Handlers,
  type ReceiverOptions,
  type WebhookReceiver,
} from "./receive/create-receiver.ts";
export { type MemoryStoreOptions, memoryStore, type ReceivedStore } from "./receive/received-store.ts";
export { type KeySetOptions, keySet } from "./verify/key-set.ts";
export {
  type Refused,
  type RefusedReason,
  type Verified,
  type VerifyOptions,
  verifyWebhook,
  type WebhookToVerify,
} from "./verify/verify-webhook.ts";
export { type KeySource, parseKey, type VerifyingKey } from "./verify/verifying-key.ts";
export type { EventOf, WebhookEvent } from "./webhook-event.ts";
export type { WebhookHeaders } from "./webhook-headers.ts";
