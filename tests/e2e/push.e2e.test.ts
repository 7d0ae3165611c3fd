import type { EntityState, Event, Operation } from "@postback/contracts";
import { newId } from "@postback/domain";
import { eventually, SseClient } from "@postback/testkit";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ApiClient } from "./rig/api-client.ts";
import { order } from "./rig/orders.ts";
import { useShopStack } from "./rig/shop-stack.ts";

const shop = useShopStack({ apps: { ingest: 2, processor: 4 } });
const orders = 60;

const urlOf = (instance: number): string => shop().app("ingest", instance).healthUrl;
const apiOf = (instance: number): ApiClient => new ApiClient({ url: urlOf(instance), apiKey: shop().stack.apiKey });
const listen = (instance: number, path: string, lastEventId = ""): Promise<SseClient> =>
  SseClient.open(`${urlOf(instance)}/v1${path}`, {
    authorization: `Bearer ${shop().stack.apiKey}`,
    ...(lastEventId === "" ? {} : { "last-event-id": lastEventId }),
  });

test("a feed goes on at another instance, and at one that was restarted, without gap or double", async () => {
  const path = "/events?types=order.placed,operation.succeeded";
  const ids: string[] = [];
  const submitting = (async () => {
    for (let n = 0; n < orders; n += 1) ids.push((await apiOf(1).accepted("order.place", order(`push-${n}`))).id);
  })();
  const heard: Event[] = [];
  let last = "";
  /** Listens at an instance from where the last one ended, until it has heard so much more, and then does the worst. */
  const hear = async (instance: number, more: number, then: () => Promise<void>) => {
    const client = await listen(instance, path, last);
    expect(client.status).toBe(200);
    await eventually(() => expect(client.events().length).toBeGreaterThanOrEqual(more), { timeoutMs: 30_000 });
    await then();
    heard.push(...client.events<Event>());
    last = client.lastEventId;
  };
  const first = shop().app("ingest", 0);
  await hear(0, 10, async () => {
    first.kill("SIGKILL");
    await first.waitForExit();
  });
  await submitting;
  await hear(1, 10, async () => {
    first.start();
    await first.ready();
  });
  const client = await listen(0, path, last);
  const expected = async () => {
    const { rows } = await shop().db.query<{ id: string }>(
      "SELECT id FROM events WHERE operation_id = ANY ($1) AND type IN ('order.placed', 'operation.succeeded')",
      [ids],
    );
    expect(rows).toHaveLength(2 * orders);
    return rows.map(({ id }) => id).sort();
  };
  const all = await eventually(expected, { timeoutMs: 30_000 });
  await eventually(() => expect(heard.length + client.events().length).toBeGreaterThanOrEqual(all.length));
  heard.push(...client.events<Event>());
  await client[Symbol.asyncDispose]();
  expect(heard.map(({ id }) => id).sort()).toEqual(all);
  const ofEach = Map.groupBy(heard, ({ operation }) => operation?.id);
  for (const events of ofEach.values())
    expect(events.map(({ type }) => type)).toEqual(["order.placed", "operation.succeeded"]);
});

test("an operation's stream says what its list says, and ends after the status has said so", async () => {
  const { id } = await apiOf(0).accepted("order.place", order("push-one"));
  const client = await listen(1, `/operations/${id}/events`);
  await client.ended;
  expect(client.messages.at(-1)?.event).toBe("end");
  expect(await apiOf(0).operation(id)).toMatchObject({ status: "succeeded" });
  const { body } = await apiOf(0).ask<{ data: Event[] }>("GET", `/operations/${id}/events`);
  expect(client.events()).toEqual(body.data);
  expect(body.data.map(({ type }) => type)).toEqual(["order.placed", "operation.succeeded"]);
});

test("Prefer: wait at one instance answers with what the processors did", async () => {
  const response = await fetch(`${urlOf(1)}/v1/operations`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${shop().stack.apiKey}`,
      "content-type": "application/json",
      prefer: "wait=30",
    },
    body: JSON.stringify({ type: "order.place", input: order("push-wait") }),
  });
  expect([response.status, response.headers.get("preference-applied")]).toEqual([200, "wait=30"]);
  expect(await response.json()).toMatchObject({ status: "succeeded", result: { orderId: "push-wait" } });
});

/** Some writes to few articles, each at an instance; after some of them a client wants to read. */
const anyWrites = fc.array(
  fc.record({
    sku: fc.nat({ max: 3 }),
    delta: fc.integer({ min: 1, max: 9 }),
    instance: fc.constantFrom(0, 1),
    read: fc.constantFrom("no", "no", "after", "settled"),
  }),
  { minLength: 10, maxLength: 25 },
);

test("what an entity's barrier has settled is there to be read, at every instance, with four processors", async () => {
  const stockOf = async (sku: string): Promise<number | undefined> => {
    const { rows } = await shop().db.query<{ quantity: number }>("SELECT quantity FROM shop.stock WHERE sku = $1", [
      sku,
    ]);
    return rows[0]?.quantity;
  };
  await fc.assert(
    fc.asyncProperty(anyWrites, async (writes) => {
      const run = newId();
      const sums = new Map<string, number>();
      for (const { sku: n, delta, instance, read } of writes) {
        const sku = `sku-${run}-${n}`;
        const operation: Operation = await apiOf(instance).accepted("stock.adjust", { sku, delta });
        sums.set(sku, (sums.get(sku) ?? 0) + delta);
        if (read === "no") continue;
        const after = read === "after" ? `&after=${operation.id}` : "";
        const { body } = await apiOf(1 - instance).ask<EntityState>("GET", `/entities/sku/${sku}?wait=9${after}`);
        expect(body).toMatchObject({ settled: true, pending: 0 });
        expect(await stockOf(sku)).toBe(sums.get(sku));
      }
    }),
    { numRuns: 4 },
  );
});
