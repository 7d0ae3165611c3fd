import type { CreateEndpoint, Delivery } from "@postback/contracts";
import { deliveryId, LIVE } from "@postback/domain";
import { eventually } from "@postback/testkit";
import { describe, expect, test } from "vitest";
import { always, inTurn, type Script } from "./rig/scripted-receiver.ts";
import { useShopStack } from "./rig/shop-stack.ts";

const shop = useShopStack();
const refuse = { status: 500 };
const accept = { status: 204 };

/** A partner that is told of the events `<name>.*` alone, with what happened at it. */
async function partnerOf(name: string, script: Script, settings: Partial<CreateEndpoint> = {}) {
  const { api, receiver } = shop();
  const url = receiver.partner(name, script);
  const { id } = await api.createEndpoint({ url, events: [`${name}.*`], ...settings });
  return {
    id,
    publish: async (): Promise<string> => (await api.publish({ type: `${name}.happened`, data: {} })).id,
    received: () => receiver.of(name),
    delivery: (eventId: string): Promise<Delivery> =>
      api.delivery(deliveryId({ eventId, endpointId: id, replayId: LIVE })),
  };
}

type Partner = Awaited<ReturnType<typeof partnerOf>>;

const inStatus = (
  partner: Partner,
  eventId: string,
  status: Delivery["status"],
  timeoutMs = 10_000,
): Promise<Delivery> =>
  eventually(
    async () => {
      const delivery = await partner.delivery(eventId);
      expect(delivery.status).toBe(status);
      return delivery;
    },
    { timeoutMs },
  );

const publishMany = async (partner: Partner, count: number): Promise<string[]> => {
  const ids: string[] = [];
  for (let left = count; left > 0; left -= 1) ids.push(await partner.publish());
  return ids;
};

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

/** The breaker opens after 5 failures in a row and probes after 5 s, ±20 %. */
const breakerOpensAt = 5;

describe.concurrent("a delivery that fails", () => {
  test("waits while the breaker is open without using up attempts, and all come after the receiver has recovered", async () => {
    let isDown = true;
    // The answer of the probe takes long enough for the schedule to look at the lane meanwhile.
    const script: Script = () => (isDown ? refuse : { ...accept, delayMs: 250 });
    const partner = await partnerOf("breaker", script, { concurrency: 1, retrySchedule: [1, 1] });
    const ids = await publishMany(partner, breakerOpensAt);
    await eventually(() => expect(partner.received().length).toBeGreaterThanOrEqual(breakerOpensAt));
    const before = partner.received().length;
    const late = await publishMany(partner, 5);
    for (const id of late) await inStatus(partner, id, "pending");
    isDown = false;
    for (const id of late) {
      const { attempts } = await inStatus(partner, id, "delivered", 15_000);
      expect(attempts).toMatchObject([{ outcome: "accepted" }]);
    }
    for (const id of ids) await inStatus(partner, id, "delivered");
    expect(partner.received().length).toBe(before + ids.length + late.length);
  });

  test("of an endpoint that never answers is visibly on its way, and delays nobody else's", async () => {
    const hanging = await partnerOf("hanging", always("hang"), { concurrency: 1, timeoutMs: 8_000 });
    const other = await partnerOf("other", always(accept));
    const first = await hanging.publish();
    const latencies: number[] = [];
    for (let count = 1; count <= 15; count += 1) {
      await hanging.publish();
      const publishedAtMs = Date.now();
      const id = await other.publish();
      const came = await eventually(() => other.received().find(({ webhookId }) => webhookId === id) ?? none(id), {
        intervalMs: 5,
      });
      latencies.push(came.atMs - publishedAtMs);
    }
    // A delivery that waited for the other's would be a second late at least, which is when that one gets its row.
    expect(median(latencies)).toBeLessThan(250);
    expect((await inStatus(hanging, first, "sending")).attempts).toEqual([]);
    expect(hanging.received()).toHaveLength(1);
    expect(await inStatus(hanging, first, "pending")).toMatchObject({
      attempts: [{ outcome: "unreachable", cause: "timeout" }],
    });
  });

  test("comes again by the schedule, with the same webhook-id, until it is accepted", async () => {
    const partner = await partnerOf("twice", inTurn(refuse, refuse, accept), { retrySchedule: [1, 1] });
    const id = await partner.publish();
    const delivery = await inStatus(partner, id, "delivered");
    expect(delivery.attempts).toMatchObject([
      { number: 1, outcome: "refused", status: 500 },
      { number: 2, outcome: "refused", status: 500 },
      { number: 3, outcome: "accepted", status: 204 },
    ]);
    const requests = partner.received();
    expect(requests.map(({ webhookId }) => webhookId)).toEqual([id, id, id]);
    expect(new Set(requests.map(({ body }) => body.toString("utf8"))).size).toBe(1);
    for (const [index, { atMs }] of requests.slice(1).entries()) {
      // A second, less a fifth.
      expect(atMs - (requests[index]?.atMs ?? 0)).toBeGreaterThanOrEqual(800);
    }
  });

  test("is exhausted after the last attempt of the schedule", async () => {
    const partner = await partnerOf("exhausted", always(refuse), { retrySchedule: [1] });
    const id = await partner.publish();
    const delivery = await inStatus(partner, id, "exhausted");
    expect(delivery.attempts.map(({ status }) => status)).toEqual([500, 500]);
    expect(delivery.nextAttemptAt).toBeUndefined();
  });

  test("with a 429 and Retry-After pauses the whole lane: nothing is sent before", async () => {
    const busy = { status: 429, headers: { "retry-after": "2" } };
    const partner = await partnerOf("busy", inTurn(busy, accept), { retrySchedule: [1] });
    const first = await partner.publish();
    await inStatus(partner, first, "pending");
    const second = await partner.publish();
    expect((await inStatus(partner, first, "delivered")).attempts).toHaveLength(2);
    expect((await inStatus(partner, second, "delivered")).attempts).toHaveLength(1);
    const [pausedAtMs = 0, ...laterMs] = partner.received().map(({ atMs }) => atMs);
    expect(laterMs).toHaveLength(2);
    for (const atMs of laterMs) expect(atMs - pausedAtMs).toBeGreaterThanOrEqual(2_000);
  });
});

describe.concurrent("an endpoint that is told no more", () => {
  test("is disabled at once by a 410: what waits is discarded, and nothing more is sent or written", async () => {
    const gone = { status: 410, delayMs: 500 };
    const partner = await partnerOf("gone", always(gone), { concurrency: 1 });
    const ids = await publishMany(partner, 5);
    await eventually(async () => {
      expect(await shop().api.endpoint(partner.id)).toMatchObject({ enabled: false, disabledReason: "gone" });
    });
    for (const id of ids) {
      const { reason } = await inStatus(partner, id, "discarded");
      expect(reason).toBe("endpoint-disabled");
    }
    expect(partner.received()).toHaveLength(1);
    const witness = await partnerOf("witness", always(accept), { events: ["gone.*"] });
    const late = await partner.publish();
    await inStatus(witness, late, "delivered");
    expect(await shop().api.deliveriesOf(partner.id)).toHaveLength(ids.length);
  });

  test("because it was deleted gets nothing more, and its waiting deliveries are discarded", async () => {
    const slowly = { ...refuse, delayMs: 700 };
    const partner = await partnerOf("deleted", always(slowly), { concurrency: 1, retrySchedule: [3_600] });
    const ids = await publishMany(partner, 4);
    const [first = ""] = ids;
    await eventually(async () => expect((await partner.delivery(first)).attempts).toHaveLength(1));
    await shop().api.deleteEndpoint(partner.id);
    const before = partner.received().length;
    for (const id of ids) {
      expect(await inStatus(partner, id, "discarded")).toMatchObject({ reason: "endpoint-deleted" });
    }
    expect(partner.received()).toHaveLength(before);
    expect((await partner.delivery(first)).attempts).toMatchObject([{ status: 500 }]);
  });
});

describe("a dispatcher that is killed while a request hangs", () => {
  test("leaves a lease behind: when it has ended the delivery is tried again, and comes", async () => {
    const partner = await partnerOf("lease", inTurn("hang", accept), { timeoutMs: 3_000 });
    const id = await partner.publish();
    await inStatus(partner, id, "sending");
    const dispatcher = shop().app("webhook-dispatcher");
    dispatcher.kill("SIGKILL");
    await dispatcher.waitForExit();
    dispatcher.start();
    await dispatcher.ready();
    const delivery = await inStatus(partner, id, "delivered", 20_000);
    expect(delivery.attempts).toMatchObject([{ number: 1, outcome: "accepted" }]);
    expect(partner.received().map(({ webhookId }) => webhookId)).toEqual([id, id]);
  });
});

function none(id: string): never {
  throw new Error(`${id} has not come`);
}
