import type { CreateEndpoint } from "@postback/contracts";
import { deliveryId, LIVE } from "@postback/domain";
import { eventually } from "@postback/testkit";
import { expect, test } from "vitest";
import type { Script } from "./rig/scripted-receiver.ts";
import { useShopStack } from "./rig/shop-stack.ts";

const shop = useShopStack({ apps: { "webhook-dispatcher": 3 } });
const entities = 6;
const events = 60;
/** A dead dispatcher's partitions and leases are taken over within it, with a queue's rest to be sent. */
const settleMaxMs = 60_000;

interface Attempt {
  readonly webhookId: string;
  readonly startedMs: number;
  endedMs: number;
}

/** A receiver that refuses some, takes its time, and keeps when each attempt began and ended. */
class Partner {
  readonly attempts: Attempt[] = [];
  readonly #refuses: (count: number, webhookId: string) => boolean;
  readonly name: string;

  constructor(name: string, refuses: (count: number, webhookId: string) => boolean) {
    this.name = name;
    this.#refuses = refuses;
  }

  readonly script: Script = ({ webhookId }, count) => {
    const delayMs = 15;
    const attempt: Attempt = { webhookId, startedMs: performance.now(), endedMs: Number.POSITIVE_INFINITY };
    this.attempts.push(attempt);
    setTimeout(() => {
      attempt.endedMs = performance.now();
    }, delayMs - 1);
    return { status: this.#refuses(count, webhookId) ? 503 : 204, delayMs };
  };

  /** Events in the order in which their first attempts began, each once. */
  get firsts(): string[] {
    return [...new Set(this.attempts.map(({ webhookId }) => webhookId))];
  }

  /** The attempts of those before it that had not ended when it was first tried. */
  overlaps(order: readonly string[]): string[] {
    return order.flatMap((id, index) => {
      const startedMs = this.attempts.find(({ webhookId }) => webhookId === id)?.startedMs ?? 0;
      const before = order[index - 1];
      const open = this.attempts.filter((each) => each.webhookId === before && each.startedMs < startedMs);
      return open.some(({ endedMs }) => endedMs > startedMs) ? [id] : [];
    });
  }
}

async function register(partner: Partner, settings: Partial<CreateEndpoint>): Promise<string> {
  const { api, receiver } = shop();
  const url = receiver.partner(partner.name, partner.script);
  const { id } = await api.createEndpoint({ url, events: ["ordered.*"], timeoutMs: 2_000, ...settings });
  return id;
}

const publish = async (type: string, entity: number): Promise<string> =>
  (await shop().api.publish({ type, entity: { type: "thing", id: String(entity) }, data: {} })).id;

test("with three dispatchers, failures, and kill -9 of one after another: no event overtakes its predecessor", {
  timeout: 150_000,
}, async () => {
  const byEntity = new Partner("by-entity", (count) => count % 7 === 3);
  const byEndpoint = new Partner("by-endpoint", (count) => count % 11 === 5);
  const retrySchedule = Array(8).fill(1);
  await register(byEntity, { ordering: "entity", retrySchedule });
  await register(byEndpoint, { ordering: "endpoint", retrySchedule });
  const published: { id: string; entity: number }[] = [];
  for (let count = 0; count < events; count += 1) {
    const entity = count % entities;
    published.push({ id: await publish("ordered.happened", entity), entity });
    if (count === 20 || count === 40) {
      const dispatcher = shop().app("webhook-dispatcher", count === 20 ? 0 : 1);
      dispatcher.kill("SIGKILL");
      await dispatcher.waitForExit();
      if (count === 20) dispatcher.start();
    }
  }
  await eventually(
    () => {
      expect(byEntity.firsts).toHaveLength(events);
      expect(byEndpoint.firsts).toHaveLength(events);
    },
    { timeoutMs: settleMaxMs, intervalMs: 200 },
  );
  const idsOf = (entity: number) => published.filter((each) => each.entity === entity).map(({ id }) => id);
  for (let entity = 0; entity < entities; entity += 1) {
    const ids = idsOf(entity);
    const ofEntity = (partner: Partner) => partner.firsts.filter((id) => ids.includes(id));
    expect(ofEntity(byEntity)).toEqual(ids);
    expect(byEntity.overlaps(ids)).toEqual([]);
    // Endpoint order is the order of the log within a partition, so of an entity too.
    expect(ofEntity(byEndpoint)).toEqual(ids);
  }
  expect(byEndpoint.overlaps(byEndpoint.firsts)).toEqual([]);
  expect(byEntity.attempts.length).toBeGreaterThan(events);
});

test("a delivery that only fails holds those behind it, until the valve skips it: then it is listed as skipped", async () => {
  const partner: Partner = new Partner("skipping", (_, webhookId) => partner.firsts.indexOf(webhookId) === 1);
  const endpointId = await register(partner, {
    ordering: "entity",
    orderingValve: { skipAfterAttempts: 2 },
    retrySchedule: [1, 3_600],
    events: ["skipped.*"],
  });
  const ids: string[] = [];
  for (let count = 0; count < 3; count += 1) ids.push(await publish("skipped.happened", 1));
  const [first = "", failing = "", behind = ""] = ids;
  await eventually(() => expect(partner.firsts).toEqual(ids), { timeoutMs: 20_000 });
  expect(partner.attempts.map(({ webhookId }) => webhookId)).toEqual([first, failing, failing, behind]);
  const { api } = shop();
  const skipped = await eventually(async () => {
    const delivery = await api.delivery(deliveryId({ eventId: failing, endpointId, replayId: LIVE }));
    expect(delivery.status).toBe("discarded");
    return delivery;
  });
  expect(skipped).toMatchObject({ reason: "order-skipped", attempts: [{ status: 503 }, { status: 503 }] });
  expect((await api.deliveriesOf(endpointId)).map(({ eventId }) => eventId)).toContain(failing);
});
