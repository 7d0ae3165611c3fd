import type { ReplayableEvent, ReplayRange } from "@postback/database";
import { newId } from "@postback/domain";
import { expect, test } from "vitest";
import { countCovered, countForMs } from "./count-covered.ts";

const range = { tenantId: newId(), endpointId: newId(), coversFrom: new Date(0), until: new Date() };
const isEven = ({ partition }: ReplayableEvent) => partition % 2 === 0;

/** Answers `count` events in all; a page takes `pageMs`. */
function eventsOf(count: number, pageMs: number) {
  let nowMs = 0;
  const events = Array.from(
    { length: count },
    (_, partition) => ({ eventId: String(partition).padStart(9, "0"), partition }) as ReplayableEvent,
  );
  const loadReplayable = async ({ after, limit }: ReplayRange) => {
    nowMs += pageMs;
    const from = after === undefined ? 0 : Number(after) + 1;
    return events.slice(from, from + limit);
  };
  return { store: { loadReplayable }, clock: () => nowMs };
}

test.each([0, 1, 1_999, 2_000, 2_001, 6_000])("counts those that are covered among %i, whole", async (count) => {
  const counted = await countCovered(eventsOf(count, 1), range, isEven);
  expect(counted).toEqual({ count: Math.ceil(count / 2), isExact: true });
});

test("says at least so many when it takes too long", async () => {
  const counted = await countCovered(eventsOf(1_000_000, countForMs / 2), range, isEven);
  expect(counted).toEqual({ count: 2_000, isExact: false });
});
