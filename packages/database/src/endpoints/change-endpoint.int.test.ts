import { newId } from "@postback/domain";
import { describe, expect, it } from "vitest";
import { disableEndpoint } from "../dispatch/disable-endpoint.ts";
import { discardDeliveries } from "../dispatch/discard-deliveries.ts";
import { loadSubscriptions } from "../dispatch/load-subscriptions.ts";
import { recordOutcomes } from "../dispatch/record-outcomes.ts";
import { useDatabase } from "../test-rig.ts";
import { aDelivery, anEndpoint, aTenant, type EndpointKey, outcomesOf } from "../test-rows.ts";
import { deleteEndpoint } from "./delete-endpoint.ts";
import { findEndpoint } from "./find-endpoint.ts";
import { listEndpoints } from "./list-endpoints.ts";
import { updateEndpoint } from "./update-endpoint.ts";

const rig = useDatabase();

const update = async ({ tenantId, endpointId }: EndpointKey, settings: Parameters<typeof updateEndpoint>[3]) => {
  const changed = await updateEndpoint(rig.db, tenantId, endpointId, settings);
  if (!changed) throw new Error("there is no such endpoint");
  return changed;
};
const find = ({ tenantId, endpointId }: EndpointKey) => findEndpoint(rig.db, tenantId, endpointId);
const newestVersion = async () => {
  const [row] = await rig.query<{ version: string }>("SELECT version FROM subscription_state");
  return BigInt(row?.version ?? 0);
};
const changesAfter = async (version: bigint, limit = 100) =>
  (await loadSubscriptions(rig.db, version, limit)).map(({ endpointId, enabled, deleted }) => ({
    endpointId,
    enabled,
    deleted,
  }));

/** When the lane is due, milliseconds from now; null: never. */
async function dueInMs({ endpointId }: EndpointKey): Promise<number | null> {
  const [row] = await rig.query<{ due: number | null }>(
    "SELECT (extract(epoch FROM due_at - now()) * 1000)::float AS due FROM lanes WHERE endpoint_id = $1",
    [endpointId],
  );
  return row?.due ?? null;
}

describe("a change of an endpoint", () => {
  it("gets the next version, whatever it is, and dispatchers read it after the one that they have", async () => {
    const start = await newestVersion();
    const [one, other] = [await anEndpoint(rig.db), await anEndpoint(rig.db)];
    const changed = await update(one, { description: "renamed" });
    const deleted = await deleteEndpoint(rig.db, other.tenantId, other.endpointId);
    expect([changed.subscriptionVersion, deleted?.subscriptionVersion]).toEqual([start + 3n, start + 4n]);
    expect(await newestVersion()).toBe(start + 4n);
    const [oneNow, otherNow] = [
      { endpointId: one.endpointId, enabled: true, deleted: false },
      { endpointId: other.endpointId, enabled: false, deleted: true },
    ];
    expect(await changesAfter(start)).toEqual([oneNow, otherNow]);
    expect(await changesAfter(start, 1)).toEqual([oneNow]);
    expect(await changesAfter(start + 3n)).toEqual([otherNow]);
    expect(await changesAfter(start + 4n)).toEqual([]);
  });

  it("is read with all that sending needs, its secrets as they were sealed", async () => {
    const start = await newestVersion();
    const settings = {
      url: "https://partner.example/other",
      events: ["order.*", "stock.**"],
      filter: { data: { amount: { $gte: 1000 } } },
      headers: { "x-team": "ünits" },
      ratePerSecond: 2.5,
      concurrency: 3,
      timeoutMs: 5_000,
      retrySchedule: [1, 2, 3],
      ordering: "entity" as const,
      orderSkipAttempts: 3,
      orderSkipSeconds: 600,
      format: "cloudevents-binary" as const,
    };
    const endpoint = await anEndpoint(rig.db, settings);
    const [stored] = await rig.query<{ nonce: Buffer; ciphertext: Buffer }>(
      "SELECT nonce, ciphertext FROM endpoint_secrets WHERE endpoint_id = $1",
      [endpoint.endpointId],
    );
    expect(await loadSubscriptions(rig.db, start, 10)).toEqual([
      {
        ...endpoint,
        ...settings,
        partnerId: null,
        partnerGrant: null,
        enabled: true,
        deleted: false,
        handshake: false,
        version: (start + 1n).toString(),
        secrets: [
          {
            version: 1,
            keyId: "k1",
            nonce: stored?.nonce.toString("base64"),
            ciphertext: stored?.ciphertext.toString("base64"),
            expiresInMs: null,
          },
        ],
      },
    ]);
  });

  it("by many at the same time gives each a version of its own, none visible before a lower one", async () => {
    const endpoints = await Promise.all(Array.from({ length: 4 }, () => anEndpoint(rig.db)));
    const start = await newestVersion();
    const seen: bigint[] = [];
    let isDone = false;
    const watching = (async () => {
      while (!isDone) {
        const rows = await loadSubscriptions(rig.db, seen.at(-1) ?? start, 100);
        seen.push(...rows.map(({ version }) => BigInt(version)));
      }
    })();
    const changes = await Promise.all(
      endpoints.flatMap((endpoint) => [1, 2, 3].map((n) => update(endpoint, { description: `change ${n}` }))),
    );
    isDone = true;
    await watching;
    const versions = changes.map(({ subscriptionVersion }) => subscriptionVersion).toSorted((a, b) => Number(a - b));
    expect(versions).toEqual(Array.from({ length: 12 }, (_, n) => start + BigInt(n) + 1n));
    // Whoever follows from version to version has seen the last state of each endpoint.
    const last = (await loadSubscriptions(rig.db, start, 100)).map(({ version }) => BigInt(version));
    const rest = (await loadSubscriptions(rig.db, seen.at(-1) ?? start, 100)).map(({ version }) => BigInt(version));
    expect([...seen, ...rest]).toEqual(expect.arrayContaining(last));
  });

  it("leaves what isn't named as it is, and null takes a setting away", async () => {
    const endpoint = await anEndpoint(rig.db, {
      description: "first",
      headers: { a: "b" },
      filter: { data: 1 },
      concurrency: 3,
      retrySchedule: [1],
    });
    await update(endpoint, { url: "https://partner.example/new" });
    expect(await find(endpoint)).toMatchObject({
      description: "first",
      headers: { a: "b" },
      concurrency: 3,
      retrySchedule: [1],
    });
    await update(endpoint, { description: null, headers: null, filter: null, concurrency: null, retrySchedule: null });
    const cleared = { description: null, headers: null, filter: null, concurrency: null, retrySchedule: [] };
    expect(await find(endpoint)).toMatchObject({ url: "https://partner.example/new", ...cleared });
  });

  it("is refused across tenants", async () => {
    const endpoint = await anEndpoint(rig.db);
    const stranger = await aTenant(rig.db);
    expect(await updateEndpoint(rig.db, stranger, endpoint.endpointId, { enabled: false })).toBeUndefined();
    expect(await deleteEndpoint(rig.db, stranger, endpoint.endpointId)).toBeUndefined();
    expect(await disableEndpoint(rig.db, { ...endpoint, tenantId: stranger }, "gone")).toBe(false);
    expect(await findEndpoint(rig.db, stranger, endpoint.endpointId)).toBeUndefined();
    expect(await find(endpoint)).toMatchObject({ enabled: true });
  });
});

describe("an endpoint that is disabled", () => {
  it("says when and that it was by request, and its lane is due so that what waits is ended", async () => {
    const endpoint = await anEndpoint(rig.db);
    await recordOutcomes(rig.db, outcomesOf([aDelivery(endpoint, { dueInMs: 3_600_000 })]));
    const { endpoint: row } = await update(endpoint, { enabled: false });
    expect(row).toMatchObject({ enabled: false, disabledReason: "by-request", disabledAt: expect.any(Date) });
    expect(await dueInMs(endpoint)).toBeLessThanOrEqual(0);
  });

  it("keeps the reason of the first time, and its time, when it is changed or disabled again", async () => {
    const endpoint = await anEndpoint(rig.db);
    expect(await disableEndpoint(rig.db, endpoint, "gone")).toBe(true);
    const before = await find(endpoint);
    expect(before).toMatchObject({ enabled: false, disabledReason: "gone", disabledAt: expect.any(Date) });
    expect(await disableEndpoint(rig.db, endpoint, "failing")).toBe(false);
    await update(endpoint, { enabled: false, description: "still off" });
    expect(await find(endpoint)).toMatchObject({ disabledReason: "gone", disabledAt: before?.disabledAt });
  });

  it("has neither reason nor time any more when it is enabled again", async () => {
    const endpoint = await anEndpoint(rig.db);
    await disableEndpoint(rig.db, endpoint, "gone");
    const { endpoint: row } = await update(endpoint, { enabled: true });
    expect(row).toMatchObject({ enabled: true, disabledReason: null, disabledAt: null });
  });

  it("has what waits for it discarded with the reason, a bounded number at once, and nothing that is out", async () => {
    const endpoint = await anEndpoint(rig.db);
    const pending = Array.from({ length: 3 }, () => aDelivery(endpoint, { dueInMs: 60_000 }));
    const out = aDelivery(endpoint, { status: "sending", leaseOwner: "me", dueInMs: 60_000 });
    const others = aDelivery(await anEndpoint(rig.db, { tenantId: endpoint.tenantId }));
    await recordOutcomes(rig.db, outcomesOf([...pending, out, others]));
    const discard = () => discardDeliveries(rig.db, endpoint, "endpoint-disabled", 2);
    expect([await discard(), await discard(), await discard()]).toEqual([2, 1, 0]);
    const rows = await rig.query(
      `SELECT status, reason, next_attempt_at IS NULL AS unscheduled, completed_at IS NOT NULL AS completed, count(*)::int AS count
       FROM deliveries WHERE tenant_id = $1 GROUP BY 1, 2, 3, 4 ORDER BY status`,
      [endpoint.tenantId],
    );
    expect(rows).toEqual([
      { status: "discarded", reason: "endpoint-disabled", unscheduled: true, completed: true, count: 3 },
      { status: "pending", reason: null, unscheduled: false, completed: false, count: 1 },
      { status: "sending", reason: null, unscheduled: false, completed: false, count: 1 },
    ]);
  });
});

describe("an endpoint that is deleted", () => {
  it("is found no more, can't be changed, and its row and lane stay for the deliveries that name it", async () => {
    const endpoint = await anEndpoint(rig.db);
    const { tenantId, endpointId } = endpoint;
    const kept = await anEndpoint(rig.db, { tenantId });
    expect(await deleteEndpoint(rig.db, tenantId, endpointId)).toMatchObject({
      endpoint: { enabled: false, disabledReason: "deleted", deletedAt: expect.any(Date) },
    });
    expect(await find(endpoint)).toBeUndefined();
    expect((await listEndpoints(rig.db, tenantId, { limit: 10 })).map(({ id }) => id)).toEqual([kept.endpointId]);
    expect(await updateEndpoint(rig.db, tenantId, endpointId, { enabled: true })).toBeUndefined();
    expect(await deleteEndpoint(rig.db, tenantId, endpointId)).toBeUndefined();
    expect(await rig.query("SELECT FROM endpoints WHERE id = $1", [endpointId])).toHaveLength(1);
    expect(await dueInMs(endpoint)).toBeLessThanOrEqual(0);
  });

  it("is none where there was none", async () => {
    expect(await deleteEndpoint(rig.db, await aTenant(rig.db), newId())).toBeUndefined();
  });
});

it("lists a tenant's endpoints in pages", async () => {
  const tenantId = await aTenant(rig.db);
  const ids: string[] = [];
  for (let n = 0; n < 3; n += 1) ids.push((await anEndpoint(rig.db, { tenantId })).endpointId);
  await anEndpoint(rig.db);
  ids.sort();
  const first = await listEndpoints(rig.db, tenantId, { limit: 2 });
  expect(first.map(({ id }) => id)).toEqual(ids.slice(0, 2));
  const rest = await listEndpoints(rig.db, tenantId, { limit: 2, after: ids[1] ?? "" });
  expect(rest.map(({ id }) => id)).toEqual(ids.slice(2));
});
