import type { Router } from "@koa/router";
import type { AcceptEvent } from "../../accept-event.ts";
import type { Authorize } from "../middleware/authorize.ts";
import type { StreamToOptions } from "../stream-to.ts";
import { publishEvent } from "./publish-event.ts";
import { showFeed } from "./show-feed.ts";

export interface EventRoutesOptions extends StreamToOptions {
  acceptEvent: AcceptEvent;
}

export function eventRoutes(router: Router, authorize: Authorize, options: EventRoutesOptions): void {
  router.post("/v1/events", authorize("operations:write", publishEvent(options.acceptEvent)));
  router.get("/v1/events", authorize("operations:read", showFeed(options), { partners: true }));
}
