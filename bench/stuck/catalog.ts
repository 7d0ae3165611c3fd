import { defineCatalog, defineOperation, tryLater } from "@postback/operations";
import { z } from "zod";

/** What a retry policy comes to in the end: that of steps which don't say otherwise, too. */
const retryEveryMs = 300_000;

/**
 * Its step fails transiently on every attempt. The first delay is told by the input, so that the attempts of many are
 * spread as if they had failed for hours; then it is tried every five minutes.
 */
const stall = defineOperation({
  type: "bench.stall",
  revision: 1,
  input: z.strictObject({ entity: z.string(), firstDelayMs: z.number().int().min(0).max(retryEveryMs) }),
  entity: { type: "stalled", id: ({ entity }) => entity },
}).task("stall", {
  retry: { attemptsMax: 100, firstDelayMs: 1, factor: 1, delayMaxMs: 1 },
  effect: "none",
  run: ({ attempt, input }) => {
    throw tryLater("The service is away", { retryAfterMs: attempt === 1 ? input.firstDelayMs : retryEveryMs });
  },
});

/** Operations that are never done. */
export default defineCatalog({ name: "bench", operations: [stall], events: {} });
