import type { Router } from "@koa/router";
import { Refusal } from "../../refusal.ts";
import type { Authorize } from "../middleware/authorize.ts";

/** `GET /v1/stream` without an upgrade: the upgrade itself never comes here (`upgrade.ts`). */
export function streamRoutes(router: Router, authorize: Authorize): void {
  router.get(
    "/v1/stream",
    authorize("operations:read", async () => {
      const headers = { upgrade: "websocket", connection: "upgrade" };
      throw new Refusal("upgrade-required", "Open this as a WebSocket (RFC 6455).", { headers });
    }),
  );
}
