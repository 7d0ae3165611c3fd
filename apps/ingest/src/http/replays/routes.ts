import type { Router } from "@koa/router";
import type { Authorize } from "../middleware/authorize.ts";
import { type ChangeReplaysOptions, changeReplay } from "./change-replays.ts";
import { type CreateReplayOptions, createReplay } from "./create-replay.ts";
import { listReplays, showReplay } from "./read-replays.ts";

export type ReplayRoutesOptions = CreateReplayOptions & ChangeReplaysOptions;

export function replayRoutes(router: Router, authorize: Authorize, options: ReplayRoutesOptions): void {
  const all = "/v1/endpoints/:id/replays";
  const one = `${all}/:replayId`;
  router.post(all, authorize("endpoints:write", createReplay(options), { partners: true }));
  router.get(all, authorize("endpoints:read", listReplays(options), { partners: true }));
  router.get(one, authorize("endpoints:read", showReplay(options), { partners: true }));
  router.delete(one, authorize("endpoints:write", changeReplay("cancelled", options), { partners: true }));
  router.post(`${one}/pause`, authorize("endpoints:write", changeReplay("paused", options), { partners: true }));
  router.post(`${one}/resume`, authorize("endpoints:write", changeReplay("running", options), { partners: true }));
}
