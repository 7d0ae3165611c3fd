import type { Router } from "@koa/router";
import type { Catalog } from "@postback/operations";
import { sendJson } from "../context.ts";
import type { Authorize } from "../middleware/authorize.ts";
import { eventTypeList, operationTypeList } from "./type-lists.ts";

export interface TypeRoutesOptions {
  catalog: Pick<Catalog, "operations" | "events">;
}

/** The catalog as clients see it. It doesn't change while the process lives, so its JSON is made once. */
export function typeRoutes(router: Router, authorize: Authorize, { catalog }: TypeRoutesOptions): void {
  const operations = JSON.stringify(operationTypeList(catalog.operations));
  const events = JSON.stringify(eventTypeList(catalog.events));
  router.get(
    "/v1/operation-types",
    authorize("operations:read", async (ctx) => sendJson(ctx, 200, operations)),
  );
  router.get(
    "/v1/event-types",
    authorize("endpoints:read", async (ctx) => sendJson(ctx, 200, events)),
  );
}
