import type { Router } from "@koa/router";
import type { Lag } from "@postback/contracts";
import type { GroupLag } from "../../lag/group-lag.ts";
import { Refusal } from "../../refusal.ts";
import { sendJson } from "../context.ts";
import type { Authorize } from "../middleware/authorize.ts";

export interface LagRoutesOptions {
  /** `undefined` for a group that could not be looked at lately. */
  lagOfGroups(): readonly (GroupLag | undefined)[];
}

/** An instance looks every 2 s, for two looks before it knows anything. */
const knownAgainAfterSeconds = 5;

/** `GET /v1/lag`, from the last look: no request of anybody's waits for Kafka, or is one more question to it. */
export function lagRoutes(router: Router, authorize: Authorize, { lagOfGroups }: LagRoutesOptions): void {
  router.get(
    "/v1/lag",
    authorize(["operator", "platform"], async (ctx) => {
      const data = lagOfGroups().filter((lag) => lag !== undefined);
      if (data.length === 0) {
        const detail = "Kafka was not asked yet, or does not answer.";
        throw new Refusal("unavailable", detail, { retryAfterSeconds: knownAgainAfterSeconds });
      }
      const answer: Lag = { data };
      sendJson(ctx, 200, JSON.stringify(answer));
    }),
  );
}
