import { limits } from "@postback/contracts";
import type { Context } from "koa";
import { z } from "zod";
import { overloaded, type Refusal } from "../refusal.ts";
import type { WaitPlaces } from "../waits/wait-places.ts";
import { leaveWork } from "./middleware/limit-concurrency.ts";

/** `?wait=N`: seconds, more than the most is cut to it. */
export const waitQuery = {
  wait: z
    .string()
    .regex(/^\d{1,9}$/, "must be whole seconds")
    .transform((text) => Math.min(Number(text), limits.waitMaxSeconds))
    .default(0),
};

/** Aborted when the client goes away before it was answered. */
export function clientGone(ctx: Context): AbortSignal {
  const gone = new AbortController();
  ctx.res.once("close", () => gone.abort());
  return gone.signal;
}

/**
 * Holds a place for as long as a request waits; one that waits isn't one in work.
 * @returns whether it could wait at all
 */
export async function inWaitPlace(
  ctx: Context,
  places: WaitPlaces,
  keyId: string,
  wait: () => Promise<void>,
): Promise<boolean> {
  const place = places.take(keyId);
  if (typeof place === "string") return false;
  leaveWork(ctx);
  try {
    await wait();
    return true;
  } finally {
    place();
  }
}

export const noWaitPlace = (): Refusal =>
  overloaded("As many requests of this API key, or of this instance, wait as may. Ask without waiting.");
