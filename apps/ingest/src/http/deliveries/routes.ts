import type { Router } from "@koa/router";
import type { Authorize } from "../middleware/authorize.ts";
import { type DeliveriesOptions, listDeliveries } from "./list-deliveries.ts";
import { showDelivery } from "./show-delivery.ts";

export function deliveryRoutes(router: Router, authorize: Authorize, options: DeliveriesOptions): void {
  router.get("/v1/endpoints/:id/deliveries", authorize("endpoints:read", listDeliveries(options), { partners: true }));
  router.get("/v1/deliveries/:id", authorize("endpoints:read", showDelivery(options), { partners: true }));
}
