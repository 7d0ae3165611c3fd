import { replaySchema } from "@postback/contracts";
import type { ReplayRow } from "@postback/database";
import { newId, uuidV7At } from "@postback/domain";
import { expect, test } from "vitest";
import { presentReplay } from "./present-replay.ts";

const at = (day: number) => new Date(Date.UTC(2026, 10, day));
const row: ReplayRow = {
  tenantId: newId(),
  id: newId(),
  endpointId: newId(),
  since: at(1),
  until: at(20),
  coversFrom: at(1),
  statuses: null,
  events: null,
  ratePerSecond: null,
  status: "running",
  reason: null,
  cursor: null,
  total: 40,
  totalIsExact: true,
  matched: 0,
  outstanding: [],
  createdAt: at(20),
  completedAt: null,
};

test("a replay that has just begun has done nothing and has no position", () => {
  const shown = presentReplay(row);
  expect(replaySchema.parse(shown)).toEqual(shown);
  expect(shown).toMatchObject({ status: "running", done: 0, total: 40, isBeyondRetention: false });
  expect(Object.keys(shown)).not.toEqual(expect.arrayContaining(["position"]));
});

test("what was made and not tried yet isn't done; the position is the time of the last event", () => {
  const shown = presentReplay({
    ...row,
    matched: 12,
    outstanding: [newId(), newId()],
    cursor: uuidV7At(at(7).getTime()),
  });
  expect(shown).toMatchObject({ done: 10, position: at(7).toISOString() });
});

test("says that it begins later than was asked for, and how it was narrowed", () => {
  const narrowed = { statuses: ["never"], events: ["order.*"], ratePerSecond: 5, coversFrom: at(3) };
  const shown = presentReplay({ ...row, ...narrowed, status: "cancelled", reason: "by-request", completedAt: at(21) });
  expect(replaySchema.parse(shown)).toEqual(shown);
  expect(shown).toMatchObject({
    isBeyondRetention: true,
    since: at(1).toISOString(),
    coversFrom: at(3).toISOString(),
    statuses: ["never"],
    events: ["order.*"],
    rateLimit: { perSecond: 5 },
    reason: "by-request",
    completedAt: at(21).toISOString(),
  });
});
