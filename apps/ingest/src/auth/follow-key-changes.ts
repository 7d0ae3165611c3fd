import { listen } from "@postback/database";
import type { Logger, Part } from "@postback/runtime";
import type { KnownKeys } from "./known-keys.ts";

/**
 * Hears of keys that were revoked or changed, by whichever process. Without a connection nothing is heard, and a change
 * works all the same when the key is due to be asked for again, after a second.
 */
export const followKeyChanges = (keys: Pick<KnownKeys, "forget">, url: string, logger: Logger): Part => ({
  name: "follow-key-changes",
  run: (signal) =>
    listen({
      url,
      channel: "postback_keys",
      onNotify: (changed) => {
        if (changed !== undefined) keys.forget(changed);
      },
      logger,
      signal,
    }),
});
