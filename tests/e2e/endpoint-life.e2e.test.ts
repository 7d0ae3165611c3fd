import type { CreateEndpoint, Delivery, Endpoint, Freshness, Replay } from "@postback/contracts";
import { deliveryId, LIVE, newId } from "@postback/domain";
import { eventually } from "@postback/testkit";
import { describe, expect, test } from "vitest";
import { always, inTurn, type Received, type Script } from "./rig/scripted-receiver.ts";
import { useShopStack } from "./rig/shop-stack.ts";

const shop = useShopStack();
const refuse = { status: 500 };
const accept = { status: 204 };

async function partnerOf(name: string, script: Script, settings: Partial<CreateEndpoint> = {}) {
  const { api, receiver } = shop();
  const url = receiver.partner(name, script);
  const { id } = await api.createEndpoint({ url, events: [`${name}.*`], ...settings });
  const publish = async () => (await api.publish({ type: `${name}.happened`, data: {} })).id;
  const delivery = (eventId: string) => api.delivery(deliveryId({ eventId, endpointId: id, replayId: LIVE }));
  return { id, publish, delivery, received: () => receiver.of(name), change: (to: object) => change(id, to) };
}
type Partner = Awaited<ReturnType<typeof partnerOf>>;

const change = async (id: string, to: object): Promise<Endpoint> => {
  const { status, body } = await shop().api.ask<Endpoint>("PATCH", `/endpoints/${id}`, to);
  expect(status).toBe(200);
  return body;
};

const inStatus = (partner: Partner, eventId: string, status: Delivery["status"]): Promise<Delivery> =>
  eventually(
    async () => {
      const delivery = await partner.delivery(eventId);
      expect(delivery.status).toBe(status);
      return delivery;
    },
    { timeoutMs: 15_000 },
  );

const bodyOf = ({ body }: Received) =>
  JSON.parse(body.toString("utf8")) as { type: string; data: { endpointId: string } };
/** What an endpoint was told about another one, by type. */
const toldAbout = (listener: Partner, endpointId: string) =>
  listener
    .received()
    .map((received) => ({ webhookId: received.webhookId, ...bodyOf(received) }))
    .filter(({ data }) => data.endpointId === endpointId);
const untilTold = (listener: Partner, endpointId: string, types: readonly string[]) =>
  eventually(() => expect(toldAbout(listener, endpointId).map(({ type }) => type)).toEqual(types), {
    timeoutMs: 15_000,
  });

const ofEndpoints = { events: ["endpoint.*", "delivery.exhausted"] };

describe.concurrent("an endpoint that only fails", () => {
  test("for days is disabled, visibly, and the tenant's others are told; enabled again it is probed, and its recovery is told", async () => {
    const listener = await partnerOf("watch-failing", always(accept), ofEndpoints);
    let isDown = true;
    const failing = await partnerOf("failing", () => (isDown ? refuse : accept), {
      events: ["failing.*", ...ofEndpoints.events],
      retrySchedule: [1, 1, 1, 1, 1, 1],
    });
    await failing.publish();
    await eventually(async () => {
      const aged =
        "UPDATE endpoint_health SET failing_since = failing_since - interval '5 days' WHERE endpoint_id = $1";
      expect((await shop().db.query(aged, [failing.id])).rowCount).toBe(1);
    });
    expect(await shop().api.endpoint(failing.id)).toMatchObject({ enabled: true });
    await eventually(
      async () => {
        const endpoint = await shop().api.endpoint(failing.id);
        expect(endpoint).toMatchObject({ enabled: false, disabledReason: "failing", disabledAt: expect.any(String) });
      },
      { timeoutMs: 20_000 },
    );
    expect(failing.received().length).toBeGreaterThanOrEqual(5);
    await untilTold(listener, failing.id, ["endpoint.disabled"]);
    const [disabled] = toldAbout(listener, failing.id);
    expect(disabled?.data).toMatchObject({ reason: "failing", failingSince: expect.any(String) });
    isDown = false;
    const before = failing.received().length;
    expect(await failing.change({ enabled: true })).not.toHaveProperty("disabledReason");
    const id = await failing.publish();
    await inStatus(failing, id, "delivered");
    await untilTold(listener, failing.id, ["endpoint.disabled", "endpoint.recovered"]);
    expect(toldAbout(failing, failing.id)).toEqual([]);
    const first = failing.received()[before];
    expect([first?.webhookId, first?.headers["postback-attempt"]]).toEqual([id, "1"]);
  });
});

describe.concurrent("what a tenant is told of its endpoints", () => {
  test("a 410 disables at once, and is told once; enabled again by request it recovers with its first success", async () => {
    const listener = await partnerOf("watch-gone", always(accept), ofEndpoints);
    const gone = await partnerOf("leaver", inTurn({ status: 410 }, accept));
    await gone.publish();
    await untilTold(listener, gone.id, ["endpoint.disabled"]);
    const [first] = toldAbout(listener, gone.id);
    expect(first?.data).toMatchObject({ reason: "gone" });
    await produceAgain(gone.id, first?.webhookId ?? "");
    await gone.change({ enabled: true });
    await gone.publish();
    await untilTold(listener, gone.id, ["endpoint.disabled", "endpoint.recovered"]);
    expect(toldAbout(listener, gone.id)[1]?.data).toMatchObject({ after: "disabled" });
  });

  /** As after a crash between the acknowledgement and the deletion of the row. */
  async function produceAgain(endpointId: string, id: string) {
    const { db, stack } = shop();
    await db.query(
      `INSERT INTO notices (tenant_id, id, type, endpoint_id, data)
       VALUES ($1, $2, 'endpoint.disabled', $3, '{"reason":"gone","disabledAt":"2026-11-24T10:00:00Z","failingSince":null}')`,
      [stack.tenantId, id, endpointId],
    );
    const left = "SELECT FROM notices WHERE id = $1";
    await eventually(async () => expect((await db.query(left, [id])).rowCount).toBe(0));
  }

  test("a delivery that is given up is told to the others, never to a partner's endpoint or in a circle", async () => {
    const listener = await partnerOf("watch-given-up", always(accept), { events: ["delivery.exhausted"] });
    const deaf = await partnerOf("deaf", always(refuse), {
      events: ["deaf.*", "delivery.exhausted"],
      retrySchedule: [1],
    });
    const foreign = await partnerOf("foreign", always(accept));
    await asPartners(foreign.id);
    const eventId = await deaf.publish();
    await inStatus(deaf, eventId, "exhausted");
    await untilTold(listener, deaf.id, ["delivery.exhausted"]);
    expect(toldAbout(listener, deaf.id)[0]?.data).toEqual({
      deliveryId: deliveryId({ eventId, endpointId: deaf.id, replayId: LIVE }),
      endpointId: deaf.id,
      eventId,
      eventType: "deaf.happened",
      status: "exhausted",
      attempts: 2,
      lastAttempt: { at: expect.any(String), durationMs: expect.any(Number), outcome: "refused", status: 500 },
    });
    // The deaf one is told of others', gives that up too, and nobody is told of it.
    const other = await partnerOf("deaf-too", always(refuse), { retrySchedule: [1] });
    await other.publish();
    await untilTold(listener, other.id, ["delivery.exhausted"]);
    const told = toldAbout(listener, other.id)[0];
    await inStatus(deaf, told?.webhookId ?? "", "exhausted");
    expect(toldAbout(listener, deaf.id)).toHaveLength(1);
    expect(toldAbout(deaf, deaf.id)).toEqual([]);
    expect(foreign.received()).toEqual([]);
  });

  /** The endpoint belongs to a partner, and from then on it subscribes to what is told of endpoints. */
  async function asPartners(endpointId: string) {
    const { db, stack, api } = shop();
    const partnerId = newId();
    await db.query("INSERT INTO partners (tenant_id, id, name) VALUES ($1, $2, 'partner')", [
      stack.tenantId,
      partnerId,
    ]);
    await db.query("UPDATE endpoints SET partner_id = $2 WHERE id = $1", [endpointId, partnerId]);
    // Its answer waits until all dispatchers have this version, and so the one before.
    await api.ask("PATCH", `/endpoints/${endpointId}`, ofEndpoints);
  }

  test("the event types are listed with their schemas", async () => {
    const { body } = await shop().api.ask<{ data: { type: string; dataSchema?: object }[] }>("GET", "/event-types");
    for (const type of ["delivery.exhausted", "endpoint.disabled", "endpoint.recovered"]) {
      expect(body.data.find((each) => each.type === type)?.dataSchema).toHaveProperty("properties.endpointId");
    }
  });
});

describe.concurrent("a change of an endpoint", () => {
  test("of its url applies to what waits already", async () => {
    const moving = await partnerOf("moving", always(refuse), { retrySchedule: [3_600] });
    const ids = [await moving.publish(), await moving.publish()];
    for (const id of ids) await eventually(async () => expect((await moving.delivery(id)).attempts).toHaveLength(1));
    await moving.change({ url: shop().receiver.partner("moved") });
    for (const eventId of ids) {
      const id = deliveryId({ eventId, endpointId: moving.id, replayId: LIVE });
      expect((await shop().api.ask("POST", `/deliveries/${id}/retry`)).status).toBe(202);
      await inStatus(moving, eventId, "delivered");
    }
    expect(moving.received()).toHaveLength(ids.length);
    expect(
      shop()
        .receiver.of("moved")
        .map(({ webhookId }) => webhookId),
    ).toEqual(ids);
  });

  test("that deletes it while a request is out: what it answers is kept, and nothing more is sent", async () => {
    const deleted = await partnerOf("out", always({ ...accept, delayMs: 1_500 }), { concurrency: 1 });
    const [out, waiting] = [await deleted.publish(), await deleted.publish()];
    await eventually(() => expect(deleted.received()).toHaveLength(1));
    await shop().api.deleteEndpoint(deleted.id);
    expect((await inStatus(deleted, out, "delivered")).attempts).toMatchObject([{ outcome: "accepted" }]);
    expect(await inStatus(deleted, waiting, "discarded")).toMatchObject({ reason: "endpoint-deleted" });
    expect(deleted.received()).toHaveLength(1);
  });
});

describe.concurrent("a delivery that is to be sent again", () => {
  const retry = async (partner: Partner, eventId: string) => {
    const id = deliveryId({ eventId, endpointId: partner.id, replayId: LIVE });
    return (await shop().api.ask("POST", `/deliveries/${id}/retry`)).status;
  };

  test("comes at once, exhausted or delivered before, under the same webhook-id and with its attempts counted on", async () => {
    const partner = await partnerOf("again", inTurn(refuse, refuse, accept), { retrySchedule: [1] });
    const id = await partner.publish();
    await inStatus(partner, id, "exhausted");
    expect(await retry(partner, id)).toBe(202);
    expect((await inStatus(partner, id, "delivered")).attempts.map(({ number }) => number)).toEqual([1, 2, 3]);
    expect(await retry(partner, id)).toBe(202);
    await eventually(() => expect(partner.received()).toHaveLength(4));
    expect((await inStatus(partner, id, "delivered")).attempts).toHaveLength(4);
    expect(partner.received().map(({ webhookId }) => webhookId)).toEqual([id, id, id, id]);
    expect(partner.received().map(({ headers }) => headers["postback-attempt"])).toEqual(["1", "2", "3", "4"]);
  });

  test("doesn't wait for the schedule", async () => {
    const partner = await partnerOf("sooner", inTurn(refuse, accept), { retrySchedule: [3_600] });
    const id = await partner.publish();
    await eventually(async () => expect((await partner.delivery(id)).attempts).toHaveLength(1));
    expect(await retry(partner, id)).toBe(202);
    await inStatus(partner, id, "delivered");
  });

  test("is refused while it is out, and of an endpoint that is disabled", async () => {
    const partner = await partnerOf("busy-again", always("hang"), { timeoutMs: 3_000 });
    const id = await partner.publish();
    await inStatus(partner, id, "sending");
    expect(await retry(partner, id)).toBe(409);
    await partner.change({ enabled: false });
    await inStatus(partner, id, "discarded");
    expect(await retry(partner, id)).toBe(409);
    expect(await retry(partner, newId())).toBe(404);
  });
});

test.concurrent("how far an endpoint is behind is in the API", async () => {
  const partner = await partnerOf("behind", always(refuse), { retrySchedule: [3_600] });
  const freshness = async () => (await shop().api.ask<Freshness>("GET", `/endpoints/${partner.id}/freshness`)).body;
  expect(await freshness()).toEqual({ backlog: 0, backlogIsExact: true });
  const before = Date.now();
  await partner.publish();
  await partner.publish();
  const seen = await eventually(async () => {
    const now = await freshness();
    expect(now).toMatchObject({ backlog: 2, backlogIsExact: true });
    return now;
  });
  expect(Date.parse(seen.oldestAcceptedAt ?? "")).toBeGreaterThanOrEqual(before - 1_000);
  expect(seen.oldestAgeSeconds).toBeLessThan(60);
});

test.concurrent("replays of an endpoint end with it", async () => {
  const partner = await partnerOf("ending", always(accept));
  await partner.publish();
  await partner.publish();
  const slowly = { since: new Date(Date.now() - 3_600_000).toISOString(), rateLimit: { perSecond: 0.01 } };
  await eventually(() => expect(partner.received()).toHaveLength(2));
  const { status, body } = await shop().api.ask<Replay>("POST", `/endpoints/${partner.id}/replays`, slowly);
  expect(status).toBe(201);
  await shop().api.deleteEndpoint(partner.id);
  await eventually(async () => {
    const { rows } = await shop().db.query(
      "SELECT status, reason, completed_at IS NOT NULL AS completed FROM replays WHERE id = $1",
      [body.id],
    );
    expect(rows).toEqual([{ status: "cancelled", reason: "endpoint-deleted", completed: true }]);
  });
});
