import type { Router } from "@koa/router";
import type { AcceptEvent } from "../../accept-event.ts";
import type { Authorize } from "../middleware/authorize.ts";
import { publishEvent } from "./publish-event.ts";

export function eventRoutes(router: Router, authorize: Authorize, acceptEvent: AcceptEvent): void {
  router.post("/v1/events", authorize("operations:write", publishEvent(acceptEvent)));
}
