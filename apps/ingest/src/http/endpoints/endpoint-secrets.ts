import { type EndpointSecret, limits, rotateSecretSchema } from "@postback/contracts";
import { type EndpointSecretRow, type Keyring, openSecret, type RotateOutcome } from "@postback/database";
import type { Logger } from "@postback/runtime";
import type { Context } from "koa";
import type { Caller } from "../../auth/known-keys.ts";
import { notFound, Refusal } from "../../refusal.ts";
import type { IngestStore } from "../../store.ts";
import { idParam, sendJson } from "../context.ts";
import { readJsonAs } from "../json-request.ts";
import type { Handler } from "../middleware/authorize.ts";
import { makeSecret, showSecretText } from "./make-secret.ts";
import { settled } from "./settled.ts";

export interface EndpointSecretsOptions {
  store: Pick<IngestStore, "findEndpoint" | "findSecrets" | "rotateSecret" | "awaitSubscriptionVersion">;
  keyring: Keyring;
  logger: Logger;
}

interface Place {
  tenantId: string;
  endpointId: string;
}

/** What the webhooks of an endpoint are verified with. Who asked is logged. */
export function showSecret(options: EndpointSecretsOptions): Handler {
  return async (ctx, caller) => {
    const { tenantId, keyId } = caller;
    const endpointId = await ownEndpoint(options.store, ctx, caller);
    const shown = endpointId === undefined ? undefined : await readSecret(options, { tenantId, endpointId });
    if (shown === undefined) throw notFound("endpoint");
    options.logger.info({ tenantId, keyId, endpointId }, "endpoint.secret-shown");
    ctx.res.setHeader("cache-control", "no-store");
    sendJson(ctx, 200, JSON.stringify(shown));
  };
}

/** When it is answered, every live dispatcher signs with the new secret, and with those of before until they end. */
export function rotateSecret(options: EndpointSecretsOptions): Handler {
  return async (ctx, caller) => {
    const { tenantId, keyId } = caller;
    const { overlapSeconds, signature } = await readJsonAs(ctx.req, rotateSecretSchema);
    const endpointId = await ownEndpoint(options.store, ctx, caller);
    if (endpointId === undefined) throw notFound("endpoint");
    const outcome = await options.store.rotateSecret({
      tenantId,
      endpointId,
      overlapSeconds: overlapSeconds ?? limits.secretOverlapDefaultSeconds,
      secretsMax: limits.endpointSecretsMax,
      algorithm: signature,
      makeSecret: (scheme, version) => makeSecret(options.keyring, scheme, { tenantId, endpointId, version }).secret,
    });
    const { subscriptionVersion } = rotatedOrRefused(outcome);
    await settled(options, { endpointId, subscriptionVersion }, { keyId, tenantId, outcome: "secret-rotated" });
    const shown = await readSecret(options, { tenantId, endpointId });
    if (shown === undefined) throw notFound("endpoint");
    ctx.res.setHeader("cache-control", "no-store");
    sendJson(ctx, 200, JSON.stringify(shown));
  };
}

/** The id in the path; undefined where it is none, and for a partner where it is none of its own. */
async function ownEndpoint(
  store: Pick<IngestStore, "findEndpoint">,
  ctx: Context,
  { tenantId, partnerId }: Caller,
): Promise<string | undefined> {
  const id = idParam(ctx, "id");
  if (id === undefined || partnerId === undefined) return id;
  return (await store.findEndpoint(tenantId, id, partnerId))?.id;
}

function rotatedOrRefused(outcome: RotateOutcome): { subscriptionVersion: bigint } {
  if (outcome.kind === "rotated") return outcome;
  if (outcome.kind === "no-endpoint") throw notFound("endpoint");
  throw new Refusal(
    "too-many-secrets",
    `${limits.endpointSecretsMax} secrets sign already, the first of them until ${outcome.endsAt.toISOString()}. ` +
      'Wait for its end, or end all of them at once with {"overlapSeconds": 0}.',
  );
}

async function readSecret(
  { store, keyring }: EndpointSecretsOptions,
  place: Place,
): Promise<EndpointSecret | undefined> {
  const [newest, ...others] = await store.findSecrets(place.tenantId, place.endpointId);
  if (newest === undefined) return undefined;
  const present = (row: EndpointSecretRow) => presentSecret(keyring, row, place);
  const expiring = others.flatMap((row) =>
    row.expiresAt === null ? [] : [{ ...present(row), expiresAt: row.expiresAt.toISOString() }],
  );
  return { ...present(newest), expiring };
}

function presentSecret(keyring: Keyring, row: EndpointSecretRow, { tenantId, endpointId }: Place) {
  const place = { tenantId, endpointId, version: row.version };
  const shown = showSecretText(openSecret(keyring, row, place), place);
  return { signature: row.algorithm, ...shown, createdAt: row.createdAt.toISOString() };
}
