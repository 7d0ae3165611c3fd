import type { Catalog } from "@postback/operations";
import type { Caller } from "../../auth/known-keys.ts";
import type { IngestStore } from "../../store.ts";
import { sendJson } from "../context.ts";
import type { Handler } from "../middleware/authorize.ts";
import { operationTypeList, withUnfinished } from "./type-lists.ts";

export interface ListOperationTypesOptions {
  catalog: Pick<Catalog, "operations">;
  store: Pick<IngestStore, "countUnfinished">;
}

/** Looked at by one answer; more than are unfinished while processors keep up. */
const countedMax = 50_000;

/**
 * The types; to operators also how many operations are unfinished under each revision: of their tenant, with `platform` of
 * all. Others are answered without Postgres.
 */
export function listOperationTypes({ catalog, store }: ListOperationTypesOptions): Handler {
  const list = operationTypeList(catalog.operations);
  const text = JSON.stringify(list);
  return async (ctx, caller) => {
    const owner = countedFor(caller);
    if (owner === undefined) return sendJson(ctx, 200, text);
    const unfinished = await store.countUnfinished(owner, countedMax);
    sendJson(ctx, 200, JSON.stringify(withUnfinished(list, unfinished)));
  };
}

function countedFor({ scopes, tenantId }: Caller): "anyone" | { tenantId: string } | undefined {
  if (scopes.has("platform")) return "anyone";
  return scopes.has("operator") ? { tenantId } : undefined;
}
