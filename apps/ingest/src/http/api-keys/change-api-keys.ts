import { createApiKeySchema, type Scope, updateApiKeySchema } from "@postback/contracts";
import { drawApiKey, keptOfApiKey } from "@postback/domain";
import type { Logger } from "@postback/runtime";
import type { Caller } from "../../auth/known-keys.ts";
import { invalidInput, notFound, Refusal } from "../../refusal.ts";
import type { IngestStore } from "../../store.ts";
import { sendJson } from "../context.ts";
import { readJsonAs } from "../json-request.ts";
import type { Handler } from "../middleware/authorize.ts";
import { presentApiKey } from "./present-api-key.ts";
import { keyInPath, type ReadApiKeysOptions } from "./read-api-keys.ts";

export interface ChangeApiKeysOptions extends ReadApiKeysOptions {
  store: ReadApiKeysOptions["store"] &
    Pick<IngestStore, "createApiKey" | "updateApiKey" | "revokeApiKey" | "findPartner">;
  logger: Logger;
}

/** Makes a key. It is in this answer and nowhere else: the database has the hash of its secret. */
export function createApiKey(options: ChangeApiKeysOptions): Handler {
  const { store, keyEnv, logger } = options;
  return async (ctx, caller) => {
    const { name, scopes, partner, expiresAt } = await readJsonAs(ctx.req, createApiKeySchema);
    requireNoMore(caller, scopes);
    const expires = expiresAt === undefined ? {} : { expiresAt: inFuture(expiresAt) };
    if (partner !== undefined) await requirePartner(options, caller.tenantId, partner, scopes);
    const key = drawApiKey(keyEnv);
    const { keyId, secretHash } = keptOfApiKey(key);
    const row = await store.createApiKey({
      tenantId: caller.tenantId,
      keyId,
      secretHash,
      scopes: [...new Set(scopes)],
      name,
      ...(partner === undefined ? {} : { partnerId: partner }),
      ...expires,
    });
    logger.info({ ...doneBy(caller), outcome: "created", changedKeyId: keyId }, "api-key.changed");
    ctx.res.setHeader("location", `/v1/api-keys/${keyId}`);
    ctx.res.setHeader("cache-control", "no-store");
    sendJson(ctx, 201, JSON.stringify({ ...presentApiKey(row, keyEnv), key }));
  };
}

export function updateApiKey(options: ChangeApiKeysOptions): Handler {
  return async (ctx, caller) => {
    const { name, expiresAt } = await readJsonAs(ctx.req, updateApiKeySchema);
    const before = await keyInPath(options, ctx, caller.tenantId);
    requireNoMore(caller, before.scopes as Scope[]);
    const row = await options.store.updateApiKey(caller.tenantId, before.keyId, {
      ...(name === undefined ? {} : { name }),
      ...(expiresAt === undefined ? {} : { expiresAt: expiresAt === null ? null : inFuture(expiresAt) }),
    });
    if (row === undefined) throw notFound("API key");
    options.logger.info({ ...doneBy(caller), outcome: "updated", changedKeyId: row.keyId }, "api-key.changed");
    sendJson(ctx, 200, JSON.stringify(presentApiKey(row, options.keyEnv)));
  };
}

/** Ends a key for good: every ingest is told with the commit, and refuses it within a second in any case. */
export function revokeApiKey(options: ChangeApiKeysOptions): Handler {
  return async (ctx, caller) => {
    const { keyId } = await keyInPath(options, ctx, caller.tenantId);
    await options.store.revokeApiKey(caller.tenantId, keyId);
    options.logger.info({ ...doneBy(caller), outcome: "revoked", changedKeyId: keyId }, "api-key.changed");
    ctx.status = 204;
  };
}

/**
 * Nobody gives away more than he has, nor makes more last longer.
 * @throws {Refusal} forbidden
 */
function requireNoMore(caller: Caller, scopes: readonly Scope[]): void {
  const more = scopes.filter((scope) => !caller.scopes.has(scope));
  if (more.length === 0) return;
  throw new Refusal(
    "forbidden",
    `The key of this request lacks ${more.join(", ")}, so that it can't give it to another.`,
  );
}

/** @throws {Refusal} invalid-input */
function inFuture(text: string): Date {
  const at = new Date(text);
  if (at.getTime() <= Date.now()) throw invalidInput([{ pointer: "/expiresAt", message: "must be in the future" }]);
  return at;
}

const notForPartners: readonly Scope[] = ["operator", "platform"];

/** @throws {Refusal} invalid-input */
async function requirePartner(
  { store }: Pick<ChangeApiKeysOptions, "store">,
  tenantId: string,
  partner: string,
  scopes: readonly Scope[],
): Promise<void> {
  const forbidden = scopes.filter((scope) => notForPartners.includes(scope));
  if (forbidden.length > 0) {
    throw invalidInput([{ pointer: "/scopes", message: `a partner's key can't have ${forbidden.join(", ")}` }]);
  }
  if ((await store.findPartner(tenantId, partner)) === undefined) {
    throw invalidInput([{ pointer: "/partner", message: "names no partner" }]);
  }
}

const doneBy = ({ tenantId, keyId }: Caller) => ({ tenantId, keyId });
