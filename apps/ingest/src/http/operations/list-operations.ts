import { type Entity, entitySchema, operationStatusSchema } from "@postback/contracts";
import { z } from "zod";
import type { IngestStore } from "../../store.ts";
import { sendJson } from "../context.ts";
import type { Handler } from "../middleware/authorize.ts";
import { afterOf, pageQuery, presentPage, readQuery } from "../page.ts";
import { presentOperation } from "./present-operation.ts";

export interface ListOperationsOptions {
  store: Pick<IngestStore, "listOperations">;
}

/** `order:order-123`: a type has no colon, an id may have some. */
export const entityQuery = z.string().transform((text, context): Entity => {
  const at = text.indexOf(":");
  const parsed = entitySchema.safeParse({ type: text.slice(0, Math.max(at, 0)), id: text.slice(at + 1) });
  if (at > 0 && parsed.success) return parsed.data;
  context.addIssue({ code: "custom", message: "must be a type and an id, like order:order-123" });
  return z.NEVER;
});

const time = z.iso.datetime({ offset: true }).transform((text) => new Date(text));

const query = {
  ...pageQuery,
  entity: entityQuery.optional(),
  type: z.string().min(1).max(128).optional(),
  status: operationStatusSchema.optional(),
  since: time.optional(),
  until: time.optional(),
};

/** The tenant's operations, those with the newest ids first. */
export function listOperations({ store }: ListOperationsOptions): Handler {
  return async (ctx, { tenantId }) => {
    const { limit, cursor, ...filter } = readQuery(ctx.querystring, query);
    const [after] = afterOf(cursor, 1) ?? [];
    const rows = await store.listOperations(tenantId, { ...filter, after, limit: limit + 1 });
    sendJson(ctx, 200, JSON.stringify(presentPage(rows, limit, presentOperation, (row) => [row.id])));
  };
}
