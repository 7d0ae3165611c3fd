import { isUuidV7, timeOfUuidV7 } from "../uuid-v7.ts";

/**
 * Whether a command may no longer be begun, because idempotency keys of its time are forgotten: it could be one that ran
 * (design §4, Lifetimes nest). One that was admitted is never judged again.
 * @param id the operation's; its time is when it was made
 */
export const isTooOld = (id: string, nowMs: number, keysLifeMs: number): boolean =>
  isUuidV7(id) && nowMs - timeOfUuidV7(id) >= keysLifeMs;
