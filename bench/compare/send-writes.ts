import { setTimeout as sleep } from "node:timers/promises";
import { openPostJson } from "../generator/post-json.ts";
import { nowUs } from "../measure/clock.ts";
import { Histogram, type LatencySummary } from "../measure/histogram.ts";

/** Who is measured. */
export interface Side {
  readonly name: string;
  readonly url: string;
  readonly apiKey: string;
  /** The status that says yes. */
  readonly takenStatus: number;
}

export interface SentWrites {
  /** Id → when it was due, on the clock of `nowUs`; those that were taken. */
  readonly taken: ReadonlyMap<string, number>;
  /** From when it was due. */
  readonly answer: LatencySummary;
  /** Answers that say no, by status or by the code of the error. */
  readonly refused: Readonly<Record<string, number>>;
}

/** More than are unanswered at once when each takes a second. */
const connections = 200;
const drainPollMs = 5;

/** Sends writes on schedule, whether or not those before were answered; each is of an entity of its own. */
export async function sendWrites(
  side: Side,
  { prefix, perSecond, seconds }: { prefix: string; perSecond: number; seconds: number },
  signal: AbortSignal,
): Promise<SentWrites> {
  await using opened = openPostJson(side.url, side.apiKey, connections);
  const answer = new Histogram();
  const taken = new Map<string, number>();
  const refused: Record<string, number> = {};
  const count = perSecond * seconds;
  const startAtUs = nowUs();
  let answered = 0;
  for (let sequence = 0; sequence < count; sequence += 1) {
    const dueAtUs = startAtUs + (sequence * 1e6) / perSecond;
    const waitMs = (dueAtUs - nowUs()) / 1e3;
    if (waitMs > 0) await sleep(waitMs, undefined, { signal });
    const id = `${prefix}-${sequence}`;
    opened.post("/v1/operations", JSON.stringify({ type: "compare.order", input: { id } }), (status) => {
      answered += 1;
      answer.record(nowUs() - dueAtUs);
      if (status === side.takenStatus) taken.set(id, dueAtUs);
      else refused[status] = (refused[status] ?? 0) + 1;
    });
  }
  // Each is answered or times out, so this ends.
  while (answered < count) await sleep(drainPollMs, undefined, { signal });
  return { taken, answer: answer.summary(), refused };
}
