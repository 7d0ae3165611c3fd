import { makeOperationIdsSchema, type OperationIds } from "@postback/contracts";
import { newId } from "@postback/domain";
import { sendJson } from "../context.ts";
import { readJsonAs } from "../json-request.ts";
import type { Handler } from "../middleware/authorize.ts";

/**
 * The id service: for clients that can't make a UUIDv7, or whose clock is not to be trusted. Nothing is kept of the ids:
 * a write under one is idempotent by it, whoever made it (design §4, Ids).
 */
export const makeOperationIds: Handler = async (ctx) => {
  const { count } = await readJsonAs(ctx.req, makeOperationIdsSchema);
  const answer: OperationIds = { ids: Array.from({ length: count }, newId) };
  sendJson(ctx, 200, JSON.stringify(answer));
};
