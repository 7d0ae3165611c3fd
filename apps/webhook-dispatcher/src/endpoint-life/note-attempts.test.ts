import type { FailingEndpoint, NotedEndpoint, NotedFailures } from "@postback/database";
import { type AttemptOutcome, DEFAULT_FAILING_POLICY as policy } from "@postback/domain";
import { createLogger } from "@postback/runtime";
import { expect, test } from "vitest";
import { AttemptNotes } from "./note-attempts.ts";

const logger = createLogger({ app: "test", level: "silent", format: "json" });
const ok: AttemptOutcome = { kind: "accepted", status: 204 };
const down: AttemptOutcome = { kind: "refused", status: 503 };
const one = { tenantId: "tenant", endpointId: "one" };
const other = { tenantId: "tenant", endpointId: "other" };

function notesWith({ failingForMs = 0 } = {}) {
  const written: { successes: readonly NotedEndpoint[]; failures: NotedFailures[]; disabled: NotedEndpoint[] } = {
    successes: [],
    failures: [],
    disabled: [],
  };
  let nowMs = 1_000_000;
  let isAway = false;
  const unlessAway = () => {
    if (isAway) throw new Error("Postgres is away");
  };
  const notes = new AttemptNotes({
    noteSuccesses: async (endpoints) => {
      unlessAway();
      written.successes = [...written.successes, ...endpoints];
    },
    noteFailures: async (failures): Promise<FailingEndpoint[]> => {
      unlessAway();
      written.failures.push(...failures);
      return failures.map(({ tenantId, endpointId, count }) => ({
        tenantId,
        endpointId,
        failures: count,
        failingForMs,
      }));
    },
    disable: async (endpoint) => written.disabled.push(endpoint) > 0,
    policy,
    clock: () => nowMs,
    logger,
  });
  return {
    notes,
    written,
    pass: (ms: number) => {
      nowMs += ms;
    },
    away: (is: boolean) => {
      isAway = is;
    },
  };
}

test("many attempts of an endpoint are one note: its failures since its last success, with their ages", async () => {
  const { notes, written, pass } = notesWith();
  for (const outcome of [down, ok, down, down]) {
    notes.add(one, outcome);
    pass(100);
  }
  notes.add(other, ok);
  await notes.flush();
  expect(written.successes).toEqual([one, other]);
  expect(written.failures).toEqual([{ ...one, count: 2, receiverCount: 2, firstAgeMs: 200, lastAgeMs: 100 }]);
});

test("the successes of a healthy endpoint are noted once a minute, and the first after a failure at once", async () => {
  const { notes, written, pass } = notesWith();
  for (let second = 0; second < 120; second += 1) {
    notes.add(one, ok);
    await notes.flush();
    pass(1_000);
  }
  expect(written.successes).toHaveLength(2);
  notes.add(one, down);
  await notes.flush();
  notes.add(one, ok);
  await notes.flush();
  expect(written.successes).toHaveLength(3);
});

test("a success in the same second as a failure after it doesn't make the endpoint a healthy one", async () => {
  const { notes, written } = notesWith();
  notes.add(one, ok);
  notes.add(one, down);
  await notes.flush();
  notes.add(one, ok);
  await notes.flush();
  expect(written.successes).toEqual([one, one]);
});

test("an endpoint that has been failing for long is disabled, another isn't", async () => {
  const failing = notesWith({ failingForMs: policy.disableAfterMs });
  for (let count = 0; count < policy.failuresMin; count += 1) failing.notes.add(one, down);
  failing.notes.add(other, down);
  await failing.notes.flush();
  expect(failing.written.disabled).toEqual([one]);
});

test("what can't be noted is lost, and what comes after is noted", async () => {
  const { notes, written, away } = notesWith();
  away(true);
  notes.add(one, ok);
  await expect(notes.flush()).rejects.toThrow("away");
  away(false);
  notes.add(one, ok);
  await notes.flush();
  expect(written.successes).toEqual([one]);
});
