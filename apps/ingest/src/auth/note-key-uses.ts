import { type Logger, type Part, sleepUnlessAborted } from "@postback/runtime";
import type { KnownKeys } from "./known-keys.ts";

const everyMs = 30_000;

/** Writes down, now and then and at the end, when each key was last used: off the way of every request. */
export const noteKeyUses = (keys: KnownKeys, logger: Logger): Part => ({
  name: "note-key-uses",
  async run(signal) {
    while (!signal.aborted) {
      // Told to stop, it notes the last uses.
      await sleepUnlessAborted(everyMs, signal);
      try {
        await keys.noteUses();
      } catch (error) {
        logger.warn({ err: error }, "api-key-uses.not-noted");
      }
    }
  },
});
