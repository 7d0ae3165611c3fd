import { DEFAULT_FAILING_POLICY, newId, uuidV7At } from "@postback/domain";
import { describe, expect, it } from "vitest";
import { findDelivery } from "../deliveries/find-delivery.ts";
import { retryDelivery } from "../deliveries/retry-delivery.ts";
import { claimDue } from "../dispatch/claim-due.ts";
import { disableEndpoint } from "../dispatch/disable-endpoint.ts";
import { type DeliveryRecord, recordOutcomes } from "../dispatch/record-outcomes.ts";
import { deleteEndpoint } from "../endpoints/delete-endpoint.ts";
import { updateEndpoint } from "../endpoints/update-endpoint.ts";
import { useDatabase } from "../test-rig.ts";
import { aDelivery, anAttempt, anEndpoint, aTenant, type EndpointKey, outcomesOf } from "../test-rows.ts";
import { disableFailing } from "./disable-failing.ts";
import { findStalest } from "./find-stalest.ts";
import { type NotedFailures, noteFailures, noteSuccesses } from "./note-attempts.ts";
import { deleteNotices, takeNotices } from "./notices.ts";
import { backlogCountMax, readFreshness } from "./read-freshness.ts";

const rig = useDatabase();
const hourMs = 3_600_000;
const policy = DEFAULT_FAILING_POLICY;
const down = { downAfterFailures: 5 };

const failed = (endpoint: EndpointKey, given: Partial<NotedFailures> = {}) =>
  noteFailures(rig.db, [{ ...endpoint, count: 1, receiverCount: 1, firstAgeMs: 0, lastAgeMs: 0, ...given }], policy);
const succeeded = (endpoint: EndpointKey) => noteSuccesses(rig.db, [endpoint], down);
const noticesOf = ({ endpointId }: EndpointKey) =>
  rig.query<{ id: string; type: string; data: object }>(
    "SELECT id, type, data FROM notices WHERE endpoint_id = $1 ORDER BY id",
    [endpointId],
  );
const typesOf = async (endpoint: EndpointKey) => (await noticesOf(endpoint)).map(({ type }) => type);
const enable = ({ tenantId, endpointId }: EndpointKey, enabled: boolean) =>
  updateEndpoint(rig.db, tenantId, endpointId, { enabled });

describe("an endpoint that fails", () => {
  it("fails since its first failure, whoever saw it, counted until a success", async () => {
    const endpoint = await anEndpoint(rig.db);
    await failed(endpoint, { count: 2, receiverCount: 1, firstAgeMs: 20 * hourMs, lastAgeMs: 10 * hourMs });
    // Another dispatcher's first failure is older, and noted later.
    await failed(endpoint, { count: 1, firstAgeMs: 30 * hourMs, lastAgeMs: 30 * hourMs });
    const [failing] = await failed(endpoint);
    expect(failing).toMatchObject({ ...endpoint, failures: 4 });
    expect(failing?.failingForMs).toBeGreaterThan(30 * hourMs - 1_000);
    await succeeded(endpoint);
    expect((await failed(endpoint))[0]).toMatchObject({ failures: 1 });
  });

  it("begins anew after a gap in which nothing was tried: one outage isn't made a long one by an old failure", async () => {
    const endpoint = await anEndpoint(rig.db);
    const before = policy.forgetAfterMs + hourMs;
    await failed(endpoint, { count: 9, receiverCount: 9, firstAgeMs: 2 * before, lastAgeMs: before });
    const [failing] = await failed(endpoint, { count: 3 });
    expect(failing).toMatchObject({ failures: 3 });
    expect(failing?.failingForMs).toBeLessThan(hourMs);
  });

  it("is disabled with its reason when it has for long enough, and this is told once", async () => {
    const endpoint = await anEndpoint(rig.db);
    await failed(endpoint, { count: policy.failuresMin, firstAgeMs: policy.disableAfterMs - hourMs });
    expect(await disableFailing(rig.db, endpoint, policy)).toBe(false);
    await failed(endpoint, { firstAgeMs: policy.disableAfterMs });
    expect(await disableFailing(rig.db, endpoint, policy)).toBe(true);
    expect(await disableFailing(rig.db, endpoint, policy)).toBe(false);
    const [notice, ...more] = await noticesOf(endpoint);
    expect(more).toEqual([]);
    const data = { reason: "failing", disabledAt: expect.any(String), failingSince: expect.any(String) };
    expect(notice).toMatchObject({ type: "endpoint.disabled", data });
  });

  it("isn't disabled by failures that a success came after", async () => {
    const endpoint = await anEndpoint(rig.db);
    await failed(endpoint, { count: 100, firstAgeMs: policy.disableAfterMs });
    await succeeded(endpoint);
    expect(await disableFailing(rig.db, endpoint, policy)).toBe(false);
  });
});

describe("an endpoint has recovered", () => {
  it("with its first success after it was down, told once though many note it at the same time", async () => {
    const endpoint = await anEndpoint(rig.db);
    await failed(endpoint, { count: 5, receiverCount: 5, firstAgeMs: 60_000 });
    await Promise.all([succeeded(endpoint), noteSuccesses(rig.open(), [endpoint], down), succeeded(endpoint)]);
    expect(await noticesOf(endpoint)).toMatchObject([
      { type: "endpoint.recovered", data: { after: "failures", downSince: expect.any(String) } },
    ]);
  });

  it("not where it was never down: few failures, or refusals of single messages", async () => {
    const endpoint = await anEndpoint(rig.db);
    await failed(endpoint, { count: 4, receiverCount: 4 });
    await succeeded(endpoint);
    await failed(endpoint, { count: 100, receiverCount: 4 });
    await succeeded(endpoint);
    expect(await noticesOf(endpoint)).toEqual([]);
  });

  it("with its first success after it was enabled again, whoever had disabled it; none while it is disabled", async () => {
    const endpoint = await anEndpoint(rig.db);
    await disableEndpoint(rig.db, endpoint, "gone");
    await succeeded(endpoint);
    expect(await typesOf(endpoint)).toEqual(["endpoint.disabled"]);
    await enable(endpoint, true);
    await enable(endpoint, true);
    await succeeded(endpoint);
    await succeeded(endpoint);
    expect(await typesOf(endpoint)).toEqual(["endpoint.disabled", "endpoint.recovered"]);
    expect((await noticesOf(endpoint))[1]?.data).toMatchObject({ after: "disabled" });
  });

  it("not with the first success after it gave its consent: it was never down", async () => {
    const endpoint = await anEndpoint(rig.db);
    await disableEndpoint(rig.db, endpoint, "unverified");
    await enable(endpoint, true);
    await succeeded(endpoint);
    expect(await typesOf(endpoint)).toEqual(["endpoint.disabled"]);
  });

  it("and is not when it was deleted, which is told by nobody", async () => {
    const endpoint = await anEndpoint(rig.db);
    await failed(endpoint, { count: 5, receiverCount: 5 });
    await deleteEndpoint(rig.db, endpoint.tenantId, endpoint.endpointId);
    await succeeded(endpoint);
    expect(await noticesOf(endpoint)).toEqual([]);
  });
});

describe("a delivery that is given up", () => {
  const end = (status: DeliveryRecord["status"]) => ({
    status,
    attempt: anAttempt({ response: "secret" }),
    dueInMs: undefined,
  });

  it.each(["exhausted", "expired"] as const)(
    "as %s is told once, at first go or later, without the answer",
    async (status) => {
      const endpoint = await anEndpoint(rig.db);
      const [atOnce, later] = [aDelivery(endpoint, end(status)), aDelivery(endpoint)];
      await recordOutcomes(rig.db, outcomesOf([atOnce, later]));
      await recordOutcomes(rig.db, outcomesOf([{ ...later, ...end(status) }]));
      await recordOutcomes(rig.db, outcomesOf([{ ...later, ...end(status) }]));
      const notices = await noticesOf(endpoint);
      const lastAttempt = { at: expect.any(String), durationMs: 12.5, outcome: "refused", status: 500 };
      expect(notices.map(({ data }) => data)).toEqual(
        [atOnce, later].map(({ eventId, replay }) => ({
          eventId,
          replay,
          eventType: "order.placed",
          status,
          attempts: 1,
          lastAttempt,
        })),
      );
    },
  );

  it.each(["delivered", "discarded"] as const)("is not one that is %s", async (status) => {
    const endpoint = await anEndpoint(rig.db);
    await recordOutcomes(rig.db, outcomesOf([aDelivery(endpoint, end(status))]));
    expect(await noticesOf(endpoint)).toEqual([]);
  });

  it.each(["delivery.exhausted", "endpoint.disabled", "endpoint.recovered"])(
    "isn't told of where it was of a %s: there is no circle",
    async (eventType) => {
      const endpoint = await anEndpoint(rig.db);
      const [atOnce, later] = [
        aDelivery(endpoint, { ...end("exhausted"), eventType }),
        aDelivery(endpoint, { eventType }),
      ];
      await recordOutcomes(rig.db, outcomesOf([atOnce, later]));
      await recordOutcomes(rig.db, outcomesOf([{ ...later, ...end("exhausted") }]));
      expect(await noticesOf(endpoint)).toEqual([]);
    },
  );
});

describe("notices", () => {
  it("are taken by one, oldest first, stay for another if they aren't deleted, and are then gone", async () => {
    await rig.query("DELETE FROM notices");
    const endpoint = await anEndpoint(rig.db);
    for (const enabled of [false, true, false, true]) await enable(endpoint, enabled);
    const [first, second] = await noticesOf(endpoint);
    const lost = await takeNotices(rig.db, { max: 1, leaseMs: 0 });
    expect(lost.map(({ id }) => id)).toEqual([first?.id]);
    const taken = await takeNotices(rig.db, { max: 10, leaseMs: 60_000 });
    expect(taken.map(({ id }) => id)).toEqual([first?.id, second?.id]);
    expect(await takeNotices(rig.db, { max: 10, leaseMs: 60_000 })).toEqual([]);
    await deleteNotices(rig.db, taken);
    expect(await noticesOf(endpoint)).toEqual([]);
  });
});

describe("a delivery that is sent again by request", () => {
  const retry = ({ tenantId, ...key }: DeliveryRecord) => retryDelivery(rig.db, tenantId, key);
  const rowOf = (delivery: DeliveryRecord) => findDelivery(rig.db, delivery.tenantId, delivery);
  const claimOf = ({ endpointId }: EndpointKey) =>
    claimDue(rig.db, {
      owner: "me",
      lanesMax: 1_000,
      allowanceOf: (id) => ({ max: id === endpointId ? 10 : 0, leaseMs: 1_000, againInMs: 0 }),
    });

  it.each(["pending", "delivered", "exhausted", "expired", "discarded"] as const)(
    "is due at once where it was %s, its attempts are kept, and its age counts from now",
    async (status) => {
      const endpoint = await anEndpoint(rig.db);
      const dueInMs = status === "pending" ? hourMs : undefined;
      const delivery = aDelivery(endpoint, { status, attempt: anAttempt(), dueInMs });
      await recordOutcomes(rig.db, outcomesOf([delivery]));
      const old = Date.now() - 20 * 24 * hourMs;
      await rig.query("UPDATE events SET accepted_at = to_timestamp($2 / 1000.0) WHERE id = $1", [
        delivery.eventId,
        old,
      ]);
      expect(await retry(delivery)).toEqual({ kind: "retried" });
      expect(await rowOf(delivery)).toMatchObject({ status: "pending", reason: null, completedAt: null });
      const [claimed, ...more] = await claimOf(endpoint);
      expect(more).toEqual([]);
      expect(claimed).toMatchObject({ eventId: delivery.eventId, attemptsMade: 1 });
      expect(Math.abs((claimed?.eventAcceptedAt.getTime() ?? 0) - Date.now())).toBeLessThan(5_000);
    },
  );

  it("is left alone while it is out, where its endpoint is told no more, and where it isn't the tenant's", async () => {
    const endpoint = await anEndpoint(rig.db);
    const out = aDelivery(endpoint, { status: "sending", leaseOwner: "me", dueInMs: hourMs });
    const ended = aDelivery(endpoint, { status: "exhausted", attempt: anAttempt(), dueInMs: undefined });
    await recordOutcomes(rig.db, outcomesOf([out, ended]));
    expect(await retry(out)).toEqual({ kind: "sending" });
    expect(await retry({ ...ended, tenantId: await aTenant(rig.db) })).toEqual({ kind: "unknown" });
    expect(await retry(aDelivery(endpoint))).toEqual({ kind: "unknown" });
    await enable(endpoint, false);
    expect(await retry(ended)).toEqual({ kind: "endpoint-disabled" });
    await deleteEndpoint(rig.db, endpoint.tenantId, endpoint.endpointId);
    expect(await retry(ended)).toEqual({ kind: "unknown" });
    expect(await rowOf(ended)).toMatchObject({ status: "exhausted" });
    expect(await rowOf(out)).toMatchObject({ status: "sending" });
  });
});

describe("how far an endpoint is behind", () => {
  const addBacklog = ({ tenantId, endpointId }: EndpointKey, count: number) =>
    rig.query(
      `INSERT INTO deliveries (tenant_id, event_id, endpoint_id, event_type, partition, status, next_attempt_at)
       SELECT $1, uuidv7(interval '1 second'), $2, 'order.placed', 0, 'pending', now() + interval '1 hour'
       FROM generate_series(1, $3)`,
      [tenantId, endpointId, count],
    );

  it("is the oldest live event that it has not got, and how many there are; replays don't count", async () => {
    const endpoint = await anEndpoint(rig.db);
    expect(await readFreshness(rig.db, endpoint.tenantId, endpoint.endpointId)).toEqual({
      backlog: 0,
      backlogIsExact: true,
      oldestAcceptedAt: undefined,
      oldestAgeMs: undefined,
    });
    const replayed = aDelivery(endpoint, { replay: newId() });
    const got = aDelivery(endpoint, { status: "delivered", attempt: anAttempt(), dueInMs: undefined });
    const [oldest, newest] = [
      aDelivery(endpoint, { eventId: uuidV7At(Date.now() - 60_000) }),
      aDelivery(endpoint, { status: "sending", leaseOwner: "me" }),
    ];
    const events = outcomesOf([replayed, got, oldest, newest]).events.map((event) =>
      event.id === oldest.eventId ? { ...event, acceptedAtMs: Date.now() - hourMs } : event,
    );
    await recordOutcomes(rig.db, outcomesOf([replayed, got, oldest, newest], { events }));
    const freshness = await readFreshness(rig.db, endpoint.tenantId, endpoint.endpointId);
    expect(freshness).toMatchObject({ backlog: 2, backlogIsExact: true });
    expect(freshness.oldestAgeMs).toBeGreaterThan(hourMs - 5_000);
    expect(freshness.oldestAgeMs).toBeLessThan(hourMs + 60_000);
  });

  it("is counted up to a bound, and of the worst endpoints told together", async () => {
    await rig.query("UPDATE lanes SET due_at = NULL");
    const [far, near, idle] = [await anEndpoint(rig.db), await anEndpoint(rig.db), await anEndpoint(rig.db)];
    await recordOutcomes(rig.db, outcomesOf([aDelivery(far, { eventId: uuidV7At(Date.now() - 60_000) })]));
    await recordOutcomes(rig.db, outcomesOf([aDelivery(near), aDelivery(near)]));
    await addBacklog(far, backlogCountMax);
    expect(await readFreshness(rig.db, far.tenantId, far.endpointId)).toMatchObject({
      backlog: backlogCountMax,
      backlogIsExact: false,
    });
    const stalest = await findStalest(rig.db, { lanesMax: 100, top: 10, backlogMax: 50 });
    expect(stalest.behind).toBe(2);
    expect(stalest.endpoints.map(({ endpointId, backlog }) => [endpointId, backlog])).toEqual([
      [far.endpointId, 50],
      [near.endpointId, 2],
    ]);
    expect(stalest.endpoints.map(({ endpointId }) => endpointId)).not.toContain(idle.endpointId);
    expect((await findStalest(rig.db, { lanesMax: 100, top: 1, backlogMax: 50 })).endpoints).toHaveLength(1);
    await rig.query("UPDATE lanes SET due_at = NULL");
    expect(await findStalest(rig.db, { lanesMax: 100, top: 10, backlogMax: 50 })).toEqual({ behind: 0, endpoints: [] });
  });
});
