import { createEndpointSchema, updateEndpointSchema } from "@postback/contracts";
import type { ChangedEndpoint, Keyring } from "@postback/database";
import { newId } from "@postback/domain";
import type { Logger } from "@postback/runtime";
import { invalidInput, notFound } from "../../refusal.ts";
import type { IngestStore } from "../../store.ts";
import { idParam, sendJson } from "../context.ts";
import { readJsonAs } from "../json-request.ts";
import type { Handler } from "../middleware/authorize.ts";
import type { CheckUrl } from "./check-url.ts";
import { partnerOf } from "./endpoint-partner.ts";
import { endpointSettings } from "./endpoint-settings.ts";
import { makeSecret } from "./make-secret.ts";
import { presentEndpoint } from "./present-endpoint.ts";
import { settled } from "./settled.ts";

export interface ChangeEndpointsOptions {
  store: Pick<
    IngestStore,
    "createEndpoint" | "updateEndpoint" | "deleteEndpoint" | "awaitSubscriptionVersion" | "findPartner"
  >;
  keyring: Keyring;
  checkUrl: CheckUrl;
  logger: Logger;
}

export function createEndpoint(options: ChangeEndpointsOptions): Handler {
  return async (ctx, caller) => {
    const { tenantId, keyId } = caller;
    const { partner, handshake = false, signature = "v1", ...given } = await readJsonAs(ctx.req, createEndpointSchema);
    // Two answers to one question: it is enabled when its receiver agrees.
    if (handshake && given.enabled !== undefined) {
      throw invalidInput([{ pointer: "/enabled", message: "is decided by the handshake" }]);
    }
    const partnerId = await partnerOf(options.store, caller, partner);
    const settings = endpointSettings(given, options.checkUrl);
    const id = newId();
    const { secret, shown } = makeSecret(options.keyring, signature, { tenantId, endpointId: id, version: 1 });
    const { url, events } = given;
    const changed = await options.store.createEndpoint(tenantId, {
      ...settings,
      id,
      url,
      events,
      partnerId,
      secret,
      handshake,
    });
    await settled(options, placeOf(changed), { keyId, tenantId, outcome: "created" });
    ctx.res.setHeader("location", `/v1/endpoints/${id}`);
    ctx.res.setHeader("cache-control", "no-store");
    sendJson(ctx, 201, JSON.stringify({ ...presentEndpoint(changed.endpoint), ...shown }));
  };
}

export function updateEndpoint(options: ChangeEndpointsOptions): Handler {
  return async (ctx, { tenantId, keyId, partnerId }) => {
    const settings = endpointSettings(await readJsonAs(ctx.req, updateEndpointSchema), options.checkUrl);
    const id = idParam(ctx, "id");
    const changed =
      id === undefined ? undefined : await options.store.updateEndpoint(tenantId, id, settings, partnerId);
    if (changed === undefined) throw notFound("endpoint");
    await settled(options, placeOf(changed), { keyId, tenantId, outcome: "updated" });
    sendJson(ctx, 200, JSON.stringify(presentEndpoint(changed.endpoint)));
  };
}

export function deleteEndpoint(options: ChangeEndpointsOptions): Handler {
  return async (ctx, { tenantId, keyId, partnerId }) => {
    const id = idParam(ctx, "id");
    const changed = id === undefined ? undefined : await options.store.deleteEndpoint(tenantId, id, partnerId);
    if (changed === undefined) throw notFound("endpoint");
    await settled(options, placeOf(changed), { keyId, tenantId, outcome: "deleted" });
    ctx.status = 204;
  };
}

const placeOf = ({ endpoint, subscriptionVersion }: ChangedEndpoint) => ({
  endpointId: endpoint.id,
  subscriptionVersion,
});
