import { beforeEach, describe, expect, it } from "vitest";
import type { Database } from "../open-database.ts";
import { useDatabase } from "../test-rig.ts";
import { aDelivery, anAttempt, anEndpoint, type EndpointKey, outcomesOf } from "../test-rows.ts";
import { type ClaimedDelivery, claimDue } from "./claim-due.ts";
import { discardDeliveries } from "./discard-deliveries.ts";
import { type DeliveryRecord, recordOutcomes } from "./record-outcomes.ts";

const rig = useDatabase();
// Claims take what any test left.
beforeEach(() => rig.query("TRUNCATE deliveries; UPDATE lanes SET due_at = NULL"));

const record = (deliveries: readonly DeliveryRecord[], db: Database = rig.db) =>
  recordOutcomes(db, outcomesOf(deliveries));
const claim = async ({ leaseMs = 60_000, db = rig.db } = {}) =>
  await claimDue(db, { owner: "me", lanesMax: 100, allowanceOf: () => ({ max: 100, leaseMs, againInMs: 0 }) });
const idsOf = (claimed: readonly { eventId: string }[]) => claimed.map(({ eventId }) => eventId);
const queued = (endpoint: EndpointKey, orderKey: string, count: number) =>
  Array.from({ length: count }, () => aDelivery(endpoint, { orderKey, dueInMs: 0 }));

/** What a dispatcher records of a claimed delivery after its attempt. */
const ended = (claimed: ClaimedDelivery, given: Partial<DeliveryRecord> = {}): DeliveryRecord => ({
  tenantId: claimed.tenantId,
  eventId: claimed.eventId,
  endpointId: claimed.endpointId,
  replay: claimed.replay,
  eventType: claimed.eventType,
  partition: claimed.partition,
  orderKey: claimed.orderKey ?? undefined,
  status: "delivered",
  attempt: anAttempt(),
  ...given,
});

describe("deliveries in a queue", () => {
  it("come one at a time, in the order in which they were recorded, each when the one before has ended", async () => {
    const deliveries = queued(await anEndpoint(rig.db), "", 5);
    await record(deliveries.slice(0, 3));
    await record(deliveries.slice(3));
    for (const { eventId } of deliveries) {
      const claimed = await claim();
      expect(idsOf(claimed)).toEqual([eventId]);
      expect(await claim()).toEqual([]);
      await record(claimed.map((each) => ended(each)));
    }
    expect(await claim()).toEqual([]);
  });

  it.each(["exhausted", "expired", "discarded"] as const)("go on after one that is %s", async (status) => {
    const [first, second] = queued(await anEndpoint(rig.db), "", 2) as [DeliveryRecord, DeliveryRecord];
    await record([first, second]);
    await record((await claim()).map((each) => ended(each, { status })));
    expect(idsOf(await claim())).toEqual([second.eventId]);
  });

  it("wait behind one that failed and is to be tried again", async () => {
    const [first, second] = queued(await anEndpoint(rig.db), "", 2) as [DeliveryRecord, DeliveryRecord];
    await record([first, second]);
    await record((await claim()).map((each) => ended(each, { status: "pending", dueInMs: 0 })));
    const [again] = await claim();
    expect(again).toMatchObject({ eventId: first.eventId, attemptsMade: 1, firstAttemptAt: anAttempt().at });
  });

  it("wait behind one whose dispatcher died, until its lease has ended and it was sent again", async () => {
    const [first, second] = queued(await anEndpoint(rig.db), "", 2) as [DeliveryRecord, DeliveryRecord];
    await record([first, second]);
    expect(idsOf(await claim({ leaseMs: 0 }))).toEqual([first.eventId]);
    const taken = await claim();
    expect(idsOf(taken)).toEqual([first.eventId]);
    await record(taken.map((each) => ended(each)));
    expect(idsOf(await claim())).toEqual([second.eventId]);
  });

  it("of one entity wait for each other alone", async () => {
    const endpoint = await anEndpoint(rig.db);
    const [one, other] = [queued(endpoint, "order/1", 2), queued(endpoint, "order/2", 2)];
    await record([...one, ...other]);
    const free = aDelivery(endpoint, { dueInMs: 0 });
    await record([free]);
    const heads = [one[0], other[0], free].map((each) => each?.eventId ?? "");
    expect(idsOf(await claim()).toSorted()).toEqual(heads.toSorted());
  });

  it("are numbered once: recorded again, as after a rebalance, they keep their places", async () => {
    const deliveries = queued(await anEndpoint(rig.db), "", 3);
    await record(deliveries);
    const ordinals = () => rig.query("SELECT event_id, ordinal FROM deliveries ORDER BY ordinal");
    const before = await ordinals();
    expect(before.map((row) => row["event_id"])).toEqual(idsOf(deliveries));
    await record(deliveries.toReversed());
    expect(await ordinals()).toEqual(before);
  });

  it("that are given back unsent keep their place", async () => {
    const deliveries = queued(await anEndpoint(rig.db), "", 2);
    await record(deliveries);
    const [head] = await claim();
    if (!head) throw new Error("the head is due");
    await record([ended(head, { status: "pending", attempt: undefined, dueInMs: 0, leaseOwner: "me" })]);
    expect(idsOf(await claim())).toEqual([head.eventId]);
  });

  it("go on though the end of one and the record of the next come at the same instant", async () => {
    const endpoint = await anEndpoint(rig.db);
    const [first, second] = queued(endpoint, "", 2) as [DeliveryRecord, DeliveryRecord];
    await record([first]);
    const out = await claim();
    // Both wait for the lane's lock: otherwise the end would see no next one, and the next one would see no end.
    const holder = await rig.connect();
    await holder.query("BEGIN");
    await holder.query("SELECT FROM lanes WHERE endpoint_id = $1 FOR NO KEY UPDATE", [endpoint.endpointId]);
    const both = Promise.all([record(out.map((each) => ended(each))), record([second], rig.open())]);
    await rig.untilWaiting(2);
    await holder.query("COMMIT");
    await both;
    expect(idsOf(await claim())).toEqual([second.eventId]);
  });

  it("go on where some were discarded in between", async () => {
    const endpoint = await anEndpoint(rig.db);
    await record([...queued(endpoint, "order/1", 3), ...queued(endpoint, "order/2", 3)]);
    expect(await discardDeliveries(rig.db, endpoint, "endpoint-disabled", 2)).toBe(2);
    const left = await claim();
    expect(left.map(({ orderKey }) => orderKey).toSorted()).toEqual(["order/1", "order/2"]);
  });
});

/** Repeatable dice. */
function diceOf(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

const fillingRounds = 40;

/** Four connections that record, claim, fail, succeed, die and record late; and what must hold of every claim. */
class Trouble {
  /** Of each queue: its deliveries in the order of their records. */
  readonly logs = new Map<string, DeliveryRecord[]>();
  readonly ended = new Set<string>();
  readonly begun = new Set<string>();
  readonly outOfOrder: string[] = [];
  #out: ClaimedDelivery[] = [];

  readonly endpoint: EndpointKey;
  readonly dice: (sides: number) => number;

  constructor(endpoint: EndpointKey, dice: (sides: number) => number) {
    this.endpoint = endpoint;
    this.dice = dice;
  }

  get isDone(): boolean {
    return [...this.logs.values()].flat().every(({ eventId }) => this.ended.has(eventId));
  }

  add(): DeliveryRecord[] {
    return Array.from({ length: this.dice(4) }, () => {
      const orderKey = `order/${this.dice(3)}`;
      const delivery = aDelivery(this.endpoint, { orderKey, dueInMs: 0 });
      this.logs.set(orderKey, [...(this.logs.get(orderKey) ?? []), delivery]);
      return delivery;
    });
  }

  async claim(db: Database): Promise<void> {
    const claimed = await claim({ db, leaseMs: this.dice(3) === 0 ? 0 : 100 });
    for (const each of claimed) this.#begin(each);
    this.#out.push(...claimed);
  }

  /** Some are answered, some are late: by then their lease may have run out, and another may have sent them again. */
  answer(): DeliveryRecord[] {
    const answered = this.#out.filter(() => this.dice(3) > 0);
    this.#out = this.#out.filter((each) => !answered.includes(each));
    return [...new Map(answered.map((each) => [each.eventId, each])).values()]
      .filter(() => this.dice(6) > 0)
      .map((each) => {
        const isOver = this.dice(3) > 0;
        if (isOver) this.ended.add(each.eventId);
        return isOver ? ended(each) : ended(each, { status: "pending", dueInMs: this.dice(20) });
      });
  }

  #begin({ eventId, orderKey }: ClaimedDelivery): void {
    if (this.begun.has(eventId)) return;
    this.begun.add(eventId);
    const log = this.logs.get(orderKey ?? "") ?? [];
    const before = log.slice(
      0,
      log.findIndex((each) => each.eventId === eventId),
    );
    if (before.some((each) => !this.ended.has(each.eventId))) this.outOfOrder.push(eventId);
  }
}

it.each([1, 2, 3])(
  "no first attempt begins before its predecessor has ended, whoever fails, dies or is late (%i)",
  {
    timeout: 60_000,
  },
  async (seed) => {
    const trouble = new Trouble(await anEndpoint(rig.db), diceOf(seed * 7_919));
    const [one, two, three, four] = Array.from({ length: 4 }, () => rig.open({ poolMax: 1 }));
    if (!one || !two || !three || !four) throw new Error("four pools");
    for (let round = 0; round < 3_000 && !(round > fillingRounds && trouble.isDone); round += 1) {
      const fresh = round < fillingRounds ? trouble.add() : [];
      const answers = trouble.answer();
      await Promise.all([record(fresh, one), record(answers, two), trouble.claim(three), trouble.claim(four)]);
    }
    expect(trouble.outOfOrder).toEqual([]);
    expect(trouble.isDone).toBe(true);
    expect(trouble.begun.size).toBeGreaterThan(40);
  },
);
