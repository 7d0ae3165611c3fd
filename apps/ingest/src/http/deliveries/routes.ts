import type { Router } from "@koa/router";
import type { Authorize } from "../middleware/authorize.ts";
import { type DeliveriesOptions, listDeliveries } from "./list-deliveries.ts";
import { type RetryDeliveryOptions, retryDelivery } from "./retry-delivery.ts";
import { showDelivery } from "./show-delivery.ts";

export type DeliveryRoutesOptions = DeliveriesOptions & RetryDeliveryOptions;

export function deliveryRoutes(router: Router, authorize: Authorize, options: DeliveryRoutesOptions): void {
  router.get("/v1/endpoints/:id/deliveries", authorize("endpoints:read", listDeliveries(options), { partners: true }));
  router.get("/v1/deliveries/:id", authorize("endpoints:read", showDelivery(options), { partners: true }));
  router.post("/v1/deliveries/:id/retry", authorize("endpoints:write", retryDelivery(options), { partners: true }));
}
