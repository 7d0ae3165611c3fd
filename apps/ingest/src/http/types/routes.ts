import type { Router } from "@koa/router";
import type { Catalog } from "@postback/operations";
import { sendJson } from "../context.ts";
import type { Authorize } from "../middleware/authorize.ts";
import { type ListOperationTypesOptions, listOperationTypes } from "./list-operation-types.ts";
import { eventTypeList } from "./type-lists.ts";

export interface TypeRoutesOptions extends ListOperationTypesOptions {
  catalog: Pick<Catalog, "operations" | "events">;
}

/** The catalog as clients see it. It doesn't change while the process lives, so its JSON is made once. It is nobody's data, so that partners see it, too. */
export function typeRoutes(router: Router, authorize: Authorize, options: TypeRoutesOptions): void {
  const events = JSON.stringify(eventTypeList(options.catalog.events));
  router.get(
    "/v1/operation-types",
    authorize(["operations:read", "operator", "platform"], listOperationTypes(options), { partners: true }),
  );
  router.get(
    "/v1/event-types",
    authorize("endpoints:read", async (ctx) => sendJson(ctx, 200, events), { partners: true }),
  );
}
