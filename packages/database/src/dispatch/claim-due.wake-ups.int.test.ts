import { beforeEach, expect, it } from "vitest";
import { useDatabase } from "../test-rig.ts";
import { aDelivery, anAttempt, anEndpoint, type EndpointKey, outcomesOf } from "../test-rows.ts";
import { type ClaimedDelivery, claimDue } from "./claim-due.ts";
import { type DeliveryRecord, recordOutcomes } from "./record-outcomes.ts";

const rig = useDatabase();
// Claims take what any test left.
beforeEach(() => rig.query("TRUNCATE deliveries; UPDATE lanes SET due_at = NULL"));
/** So long that a delivery under a lost wake-up would not be seen again within the test. */
const leaseMs = 600_000;

/** Repeatable dice: a failure shows its seed by the round it happened in. */
function diceOf(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

const claim = (db = rig.db, max = 100) =>
  claimDue(db, { owner: "me", lanesMax: 100, allowanceOf: () => ({ max, leaseMs, againInMs: 1 }) });

const again = ({ tenantId, eventId, endpointId }: ClaimedDelivery, given: Partial<DeliveryRecord>): DeliveryRecord =>
  aDelivery({ tenantId, endpointId }, { eventId, attempt: anAttempt(), ...given });

const nobody = { tenantId: "", endpointId: "" };

/** Lanes that are due later than they should be: after their earliest unfinished delivery. */
const sleepers = () =>
  rig.query(
    `SELECT l.endpoint_id, l.due_at, d.first FROM lanes l JOIN LATERAL (
       SELECT min(next_attempt_at) AS first FROM deliveries
       WHERE endpoint_id = l.endpoint_id AND status IN ('pending', 'sending')) d ON d.first IS NOT NULL
     WHERE l.due_at IS NULL OR l.due_at > greatest(d.first, now()) + interval '1 second'`,
  );

it("loses no wake-up while four connections record, fail, claim and give back at the same time", {
  timeout: 60_000,
}, async () => {
  const endpoints: EndpointKey[] = [];
  for (let n = 0; n < 3; n += 1) endpoints.push(await anEndpoint(rig.db));
  const [recorder, failer, one, other] = Array.from({ length: 4 }, () => rig.open({ poolMax: 1 }));
  if (!recorder || !failer || !one || !other) throw new Error("four pools");
  const dice = diceOf(20_261_124);
  const fresh = () => endpoints.flatMap((e) => (dice(2) ? [aDelivery(e, { dueInMs: dice(3) })] : []));
  let waiting: DeliveryRecord[] = [];
  let recorded = 0;
  let claimed: ClaimedDelivery[] = [];
  let claims = 0;
  const claimInto = async (db: typeof rig.db) => {
    const taken = await claim(db, dice(4));
    claims += taken.length;
    claimed.push(...taken);
  };

  for (let round = 0; round < 150; round += 1) {
    const spilled = fresh();
    const settled = claimed.map((delivery) =>
      dice(3) ? again(delivery, { status: "delivered", dueInMs: undefined }) : again(delivery, { dueInMs: dice(3) }),
    );
    claimed = [];
    // What fails whole had locked rows that were due, and a claim at that moment passed them by. The bad one comes last.
    const poison = { ...aDelivery(endpoints.at(-1) ?? nobody), eventId: "ffffffff-0000-7000-8000-000000000000" };
    const touched = waiting.map((delivery) => ({ ...delivery, attempt: anAttempt() }));
    await Promise.all([
      recordOutcomes(recorder, outcomesOf([...spilled, ...settled])),
      expect(recordOutcomes(failer, outcomesOf([...touched, poison], { events: [] }))).rejects.toThrow("no partition"),
      claimInto(one),
      claimInto(other),
    ]);
    waiting = [...spilled, ...settled].filter(({ status }) => status === "pending");
    recorded += spilled.length;
    expect(await sleepers(), `after round ${round}`).toEqual([]);
  }

  await recordOutcomes(
    rig.db,
    outcomesOf(
      claimed.map((d) => again(d, { status: "delivered", dueInMs: undefined })),
      { events: [] },
    ),
  );
  const unclaimed = () => rig.query("SELECT FROM deliveries WHERE status = 'pending'");
  for (let n = 0; n < 20 && (await unclaimed()).length > 0; n += 1) await claim();
  expect(await unclaimed()).toEqual([]);
  expect(recorded).toBeGreaterThan(150);
  expect(claims).toBeGreaterThan(150);
});

it("comes back to a due delivery that somebody had locked and let go unchanged", async () => {
  const endpoint = await anEndpoint(rig.db);
  const [locked, free] = [aDelivery(endpoint), aDelivery(endpoint)];
  await recordOutcomes(rig.db, outcomesOf([locked, free]));
  const holder = await rig.connect();
  await holder.query("BEGIN");
  await holder.query("SELECT FROM deliveries WHERE event_id = $1 FOR UPDATE", [locked.eventId]);
  expect((await claim()).map(({ eventId }) => eventId)).toEqual([free.eventId]);
  await holder.query("ROLLBACK");
  await expect.poll(async () => (await claim()).map(({ eventId }) => eventId)).toEqual([locked.eventId]);
});

it("sees a delivery that was recorded between the lock of its lane and the claim", async () => {
  const endpoint = await anEndpoint(rig.db);
  const first = aDelivery(endpoint);
  await recordOutcomes(rig.db, outcomesOf([first]));
  const second = aDelivery(endpoint);
  let recording: Promise<void> | undefined;
  const taken = await claimDue(rig.db, {
    owner: "me",
    lanesMax: 100,
    allowanceOf: () => {
      recording ??= recordOutcomes(rig.open(), outcomesOf([second]));
      return { max: 100, leaseMs, againInMs: 1 };
    },
  });
  await recording;
  const rest = await claim();
  expect([...taken, ...rest].map(({ eventId }) => eventId).toSorted()).toEqual(
    [first.eventId, second.eventId].toSorted(),
  );
});
