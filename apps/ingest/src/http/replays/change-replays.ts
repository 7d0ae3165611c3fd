import type { Logger } from "@postback/runtime";
import { Refusal } from "../../refusal.ts";
import type { IngestStore } from "../../store.ts";
import { sendJson } from "../context.ts";
import type { Handler } from "../middleware/authorize.ts";
import { presentReplay } from "./present-replay.ts";
import { type ReadReplaysOptions, replayInPath } from "./read-replays.ts";

export interface ChangeReplaysOptions extends ReadReplaysOptions {
  store: ReadReplaysOptions["store"] & Pick<IngestStore, "changeReplay">;
  logger: Logger;
}

/** Pauses a replay, lets it go on, or cancels it; doing so twice is doing so once. */
export function changeReplay(
  status: "paused" | "running" | "cancelled",
  { store, logger }: ChangeReplaysOptions,
): Handler {
  return async (ctx, caller) => {
    const { tenantId, keyId } = caller;
    const before = await replayInPath(store, ctx, caller);
    const changed = await store.changeReplay(tenantId, before, status);
    const after = changed ?? (await replayInPath(store, ctx, caller));
    if (after.status !== status)
      throw new Refusal("replay-ended", `The replay has ended already: it is ${after.status}.`);
    const fields = { keyId, tenantId, endpointId: after.endpointId, replay: after.id, outcome: status };
    logger.info(fields, "replay.changed");
    sendJson(ctx, 200, JSON.stringify(presentReplay(after)));
  };
}
