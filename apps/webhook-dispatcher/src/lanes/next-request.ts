import { batchSize } from "@postback/domain";
import type { Outgoing } from "./held.ts";
import type { Batch, Lane } from "./lane.ts";

type Gathering = Pick<Lane, "endpoint" | "waiting">;

/** Deliveries that one slot sends. */
export const perRequest = ({ batch }: Lane["endpoint"]): number => batch?.maxEvents ?? 1;

/**
 * When the first that waits in a lane may go: at once where nothing is gathered, where a batch is full, and where it comes
 * from the schedule, in which it has waited already. Undefined: nothing waits. Milliseconds since 1970.
 */
export function ripeAtMs({ endpoint: { batch }, waiting }: Gathering): number | undefined {
  const [first] = waiting;
  if (first === undefined) return undefined;
  const isRipe = batch === undefined || first.outgoing.isClaimed || waiting.length >= batch.maxEvents;
  return isRipe ? first.sinceMs : first.sinceMs + batch.maxWaitMs;
}

/** Takes the next request's deliveries from those that wait: one, or a batch of live ones or of one replay. */
export function takeNext({ endpoint, waiting }: Gathering, first: Outgoing): Batch {
  if (endpoint.batch === undefined) {
    waiting.shift();
    return [first];
  }
  const { maxEvents } = endpoint.batch;
  const alike = waiting.map(({ outgoing }) => outgoing).filter(({ replay }) => replay === first.replay);
  const sizes = alike.slice(0, maxEvents).map(({ body }) => body.length);
  const taken = new Set(alike.slice(0, batchSize(sizes, maxEvents)));
  const left = waiting.filter(({ outgoing }) => !taken.has(outgoing));
  waiting.splice(0, waiting.length, ...left);
  taken.delete(first);
  return [first, ...taken];
}
