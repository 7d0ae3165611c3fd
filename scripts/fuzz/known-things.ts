import { setTimeout as sleep } from "node:timers/promises";
import {
  apiKeySchema,
  deliverySchema,
  endpointSchema,
  operationSchema,
  partnerSchema,
  replaySchema,
  tenantSchema,
} from "../../packages/contracts/src/index.ts";
import type { Api } from "../dev/api.ts";

const doneMaxMs = 30_000;
const pollMs = 100;

/** Ids of things that there are: made-up ones alone would only ever be answered 404. */
export interface KnownThings {
  readonly operation: string;
  readonly endpoint: string;
  readonly delivery: string;
  readonly replay: string;
  readonly partner: string;
  /** Neither the key of the requests, nor their tenant: these can be revoked and disabled. */
  readonly apiKey: string;
  readonly tenant: string;
}

/**
 * Makes an order that is done, an endpoint that wants everything, a delivery to it and a replay; a partner, another key
 * and another tenant. @throws when one fails
 */
export async function makeKnownThings(api: Api, platform: Api): Promise<KnownThings> {
  await done(api, { type: "stock.adjust", input: { sku: "sku-1", delta: 1_000_000 } });
  const endpoint = await post(api, "/v1/endpoints", { url: "http://127.0.0.1:9/hooks", events: ["**"] });
  const { id: endpointId } = endpointSchema.parse(endpoint);
  const operation = await done(api, { type: "order.place", input: orderInput });
  const delivery = deliverySchema.parse(await post(api, `/v1/endpoints/${endpointId}/test`));
  const since = new Date(Date.now() - 60_000).toISOString();
  const replay = replaySchema.parse(await post(api, `/v1/endpoints/${endpointId}/replays`, { since }));
  const partner = partnerSchema.parse(await post(api, "/v1/partners", { name: "Carrier", grant: { events: ["**"] } }));
  const key = { name: "Other", scopes: ["operations:read"] };
  return {
    operation,
    endpoint: endpointId,
    delivery: delivery.id,
    replay: replay.id,
    partner: partner.id,
    apiKey: apiKeySchema.parse(await post(api, "/v1/api-keys", key)).id,
    tenant: tenantSchema.parse(await post(platform, "/v1/tenants", { name: "Other" })).id,
  };
}

const orderInput = {
  orderId: "order-fuzzed",
  customerId: "customer-1",
  items: [{ sku: "sku-1", quantity: 1 }],
  currency: "EUR",
  amount: 4_200,
  paymentToken: "tok_ok",
};

const post = async (api: Api, path: string, body?: object): Promise<unknown> => (await api("POST", path, body)).body;

/** @returns the id of the operation, once it has succeeded */
async function done(api: Api, write: object): Promise<string> {
  const { id } = operationSchema.parse(await post(api, "/v1/operations", write));
  const deadline = AbortSignal.timeout(doneMaxMs);
  for (;;) {
    const { status } = operationSchema.parse((await api("GET", `/v1/operations/${id}`)).body);
    if (status === "succeeded") return id;
    await sleep(pollMs, undefined, { signal: deadline });
  }
}
