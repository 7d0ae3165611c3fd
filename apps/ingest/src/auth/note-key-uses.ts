import { setTimeout as sleep } from "node:timers/promises";
import type { Logger, Part } from "@postback/runtime";
import type { KnownKeys } from "./known-keys.ts";

const everyMs = 30_000;

/** Writes down, now and then and at the end, when each key was last used: off the way of every request. */
export const noteKeyUses = (keys: KnownKeys, logger: Logger): Part => ({
  name: "note-key-uses",
  async run(signal) {
    while (!signal.aborted) {
      await sleep(everyMs, undefined, { signal }).catch(
        () => undefined /* told to stop: the last uses are noted below */,
      );
      try {
        await keys.noteUses();
      } catch (error) {
        logger.warn({ err: error }, "api-key-uses.not-noted");
      }
    }
  },
});
