import type { DeadLetterFilter, DeadLetterOwner, FoundDeadLetter, Redriven } from "@postback/database";
import type { Producer } from "@postback/kafka";
import { sendMessage } from "../../send-message.ts";
import type { IngestStore } from "../../store.ts";
import { type RedriveTarget, redrivenMessage } from "./redriven-message.ts";

export interface RedriveOptions extends RedriveTarget {
  producer: Producer;
  store: Pick<IngestStore, "markRedriven" | "selectRedrivable" | "loadOpenLetters">;
}

export type Redrivable = FoundDeadLetter & { header: Buffer };

/** Letters in one call, at most. */
const redriveMax = 1_000;
/** Letters in memory at a time: each may have 320 KiB. */
const chunkMax = 50;

/**
 * Sends letters again and notes it. Each partition's go one after another in the order given, so that an entity's keep
 * theirs; where one can't be sent, those behind it in its partition stay. A crash between sending and noting leaves a
 * letter open that is in the log: sending it twice is harmless, because operations and events are met by their ids.
 * @throws {Refusal} overloaded or unavailable, after what was sent is noted
 */
export async function redrive(options: RedriveOptions, letters: readonly Redrivable[]): Promise<void> {
  const messages = letters.map((letter) => ({ letter, message: redrivenMessage(letter, options) }));
  const byPartition = Map.groupBy(messages, ({ message }) => `${message.topic}/${message.partition}`);
  const redriven: Redriven[] = [];
  const sent = await Promise.allSettled(
    [...byPartition.values()].map(async (ordered) => {
      for (const { letter, message } of ordered) {
        const offset = await sendMessage(options.producer, message);
        const { topic, partition, offset: from } = letter;
        redriven.push({ topic, partition, offset: from, to: { partition: message.partition, offset } });
      }
    }),
  );
  await options.store.markRedriven(redriven);
  const failed = sent.find((each) => each.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

/**
 * Redrives what a filter selects now. Those that are given up again meanwhile are new letters, and not among them.
 * @returns how many; `more` when others remain beyond the bound of a call
 */
export async function redriveSelected(
  options: RedriveOptions,
  owner: DeadLetterOwner,
  { dryRun, ...filter }: DeadLetterFilter & { dryRun: boolean },
): Promise<{ count: number; more: boolean }> {
  const selected = await options.store.selectRedrivable(owner, filter, redriveMax + 1);
  const places = selected.slice(0, redriveMax);
  const more = selected.length > redriveMax;
  if (dryRun) return { count: places.length, more };
  let count = 0;
  for (let at = 0; at < places.length; at += chunkMax) {
    const letters = await options.store.loadOpenLetters(places.slice(at, at + chunkMax));
    const redrivable = letters.filter(isRedrivable);
    await redrive(options, redrivable);
    count += redrivable.length;
  }
  return { count, more };
}

/** Our header is what everything goes by: without one a message would only be given up again. */
export const isRedrivable = (letter: FoundDeadLetter): letter is Redrivable => letter.header !== null;
