import { setTimeout as sleep } from "node:timers/promises";
import { nowUs } from "../measure/clock.ts";
import type { RunOrder } from "../protocol.ts";
import type { RunSender } from "./run-sender.ts";

/** So many requests may be unanswered; what is due beyond them is not sent, and counted as refused. */
const unansweredMax = 10_000;

/** Sends on schedule, however long the answers take: who waits for one would not measure what others wait. */
export async function runOpenLoop(
  { startAtUs, seconds }: RunOrder,
  perSecond: number,
  sender: RunSender,
): Promise<void> {
  const count = Math.round(perSecond * seconds);
  const intervalUs = 1e6 / perSecond;
  for (let sequence = 0; sequence < count; sequence += 1) {
    const dueAtUs = startAtUs + sequence * intervalUs;
    const waitMs = (dueAtUs - nowUs()) / 1e3;
    // A timer of Node has whole milliseconds and is up to one late; that it is shows as lateness.
    if (waitMs > 0) await sleep(waitMs);
    if (sender.inFlight < unansweredMax) sender.send(dueAtUs);
    else sender.noteRefused("not sent: too many unanswered");
  }
}
