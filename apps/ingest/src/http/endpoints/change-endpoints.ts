import { createEndpointSchema, updateEndpointSchema } from "@postback/contracts";
import { type ChangedEndpoint, type Keyring, sealSecret } from "@postback/database";
import { generateSecret, newId } from "@postback/domain";
import type { Logger } from "@postback/runtime";
import { invalidInput, notFound } from "../../refusal.ts";
import type { IngestStore } from "../../store.ts";
import { idParam, sendJson } from "../context.ts";
import { readJsonAs } from "../json-request.ts";
import type { Handler } from "../middleware/authorize.ts";
import type { CheckUrl } from "./check-url.ts";
import { endpointSettings } from "./endpoint-settings.ts";
import { presentEndpoint } from "./present-endpoint.ts";

export interface ChangeEndpointsOptions {
  store: Pick<IngestStore, "createEndpoint" | "updateEndpoint" | "deleteEndpoint" | "awaitSubscriptionVersion">;
  keyring: Keyring;
  checkUrl: CheckUrl;
  logger: Logger;
}

/** An event matches the endpoints that were answered before it was accepted (design §3.4): the answer waits this long. */
const subscriptionWaitMaxMs = 1000;

export function createEndpoint(options: ChangeEndpointsOptions): Handler {
  return async (ctx, { tenantId, keyId }) => {
    const { handshake = false, ...given } = await readJsonAs(ctx.req, createEndpointSchema);
    // Two answers to one question: it is enabled when its receiver agrees.
    if (handshake && given.enabled !== undefined) {
      throw invalidInput([{ pointer: "/enabled", message: "is decided by the handshake" }]);
    }
    const settings = endpointSettings(given, options.checkUrl);
    const id = newId();
    const secret = generateSecret();
    const sealed = sealSecret(options.keyring, secret, { tenantId, endpointId: id, version: 1 });
    const { url, events } = given;
    const changed = await options.store.createEndpoint(tenantId, {
      ...settings,
      id,
      url,
      events,
      secret: sealed,
      handshake,
    });
    await settled(options, changed, { keyId, tenantId, outcome: "created" });
    ctx.res.setHeader("location", `/v1/endpoints/${id}`);
    ctx.res.setHeader("cache-control", "no-store");
    sendJson(ctx, 201, JSON.stringify({ ...presentEndpoint(changed.endpoint), secret }));
  };
}

export function updateEndpoint(options: ChangeEndpointsOptions): Handler {
  return async (ctx, { tenantId, keyId }) => {
    const settings = endpointSettings(await readJsonAs(ctx.req, updateEndpointSchema), options.checkUrl);
    const id = idParam(ctx, "id");
    const changed = id === undefined ? undefined : await options.store.updateEndpoint(tenantId, id, settings);
    if (changed === undefined) throw notFound("endpoint");
    await settled(options, changed, { keyId, tenantId, outcome: "updated" });
    sendJson(ctx, 200, JSON.stringify(presentEndpoint(changed.endpoint)));
  };
}

export function deleteEndpoint(options: ChangeEndpointsOptions): Handler {
  return async (ctx, { tenantId, keyId }) => {
    const id = idParam(ctx, "id");
    const changed = id === undefined ? undefined : await options.store.deleteEndpoint(tenantId, id);
    if (changed === undefined) throw notFound("endpoint");
    await settled(options, changed, { keyId, tenantId, outcome: "deleted" });
    ctx.status = 204;
  };
}

/** Waits until every live dispatcher matches with the change. The change is made by then: one that lags is logged. */
async function settled(
  { store, logger }: ChangeEndpointsOptions,
  { endpoint, subscriptionVersion }: ChangedEndpoint,
  line: { keyId: string; tenantId: string; outcome: string },
): Promise<void> {
  const startedMs = performance.now();
  const isEverywhere = await store.awaitSubscriptionVersion(subscriptionVersion, { timeoutMs: subscriptionWaitMaxMs });
  const fields = { ...line, endpointId: endpoint.id, subscriptionVersion, waitMs: performance.now() - startedMs };
  if (isEverywhere) logger.info(fields, "endpoint.changed");
  else logger.warn(fields, "endpoint.changed-and-not-yet-everywhere");
}
