import { hash } from "node:crypto";
import { newId } from "@postback/domain";
import { eventually } from "@postback/testkit";
import { describe, expect, it } from "vitest";
import { loadSubscriptions } from "../dispatch/load-subscriptions.ts";
import { findEndpoint } from "../endpoints/find-endpoint.ts";
import { listEndpoints } from "../endpoints/list-endpoints.ts";
import { createApiKey } from "../keys/create-api-key.ts";
import { findApiKey } from "../keys/find-api-key.ts";
import { revokeApiKey } from "../keys/revoke-api-key.ts";
import { touchApiKeys } from "../keys/touch-api-keys.ts";
import { updateTenant } from "../tenants/update-tenant.ts";
import { useDatabase } from "../test-rig.ts";
import { anEndpoint, aTenant } from "../test-rows.ts";
import { createPartner } from "./create-partner.ts";
import { deletePartner } from "./delete-partner.ts";
import { updatePartner } from "./update-partner.ts";

const rig = useDatabase();
const all = { events: ["**"] };

async function aPartner(tenantId: string, grant = all): Promise<string> {
  const id = newId();
  await createPartner(rig.db, tenantId, { id, name: "partner", grant });
  return id;
}

async function aKey(tenantId: string, partnerId?: string): Promise<string> {
  const keyId = newId().replaceAll("-", "").slice(-12);
  const secretHash = new Uint8Array(hash("sha256", "secret", "buffer"));
  const key = { tenantId, keyId, secretHash, scopes: ["operations:read"], name: "key" };
  await createApiKey(rig.db, { ...key, ...(partnerId === undefined ? {} : { partnerId }) });
  return keyId;
}

const versionOf = async (): Promise<bigint> => {
  const [row] = await rig.query<{ version: string }>("SELECT version::text FROM subscription_state");
  return BigInt(row?.version ?? 0);
};

/** What is told on `postback_keys` from now on. */
async function heard(): Promise<string[]> {
  const told: string[] = [];
  const client = await rig.connect();
  client.on("notification", ({ payload }) => told.push(payload ?? ""));
  await client.query("LISTEN postback_keys");
  return told;
}

describe("a partner", () => {
  it("has endpoints of its own, which are found under it, and no others", async () => {
    const tenantId = await aTenant(rig.db);
    const [mine, other] = [await aPartner(tenantId), await aPartner(tenantId)];
    const { endpointId } = await anEndpoint(rig.db, { tenantId, partnerId: mine });
    await anEndpoint(rig.db, { tenantId, partnerId: other });
    await anEndpoint(rig.db, { tenantId });
    const list = await listEndpoints(rig.db, tenantId, { limit: 10, partnerId: mine });
    expect(list.map(({ id }) => id)).toEqual([endpointId]);
    expect(await findEndpoint(rig.db, tenantId, endpointId, mine)).toBeDefined();
    expect(await findEndpoint(rig.db, tenantId, endpointId, other)).toBeUndefined();
    expect(await listEndpoints(rig.db, tenantId, { limit: 10 })).toHaveLength(3);
  });

  it("whose grant changes makes dispatchers load its endpoints with the new one", async () => {
    const tenantId = await aTenant(rig.db);
    const id = await aPartner(tenantId);
    const endpoints = [
      await anEndpoint(rig.db, { tenantId, partnerId: id }),
      await anEndpoint(rig.db, { tenantId, partnerId: id }),
    ];
    await anEndpoint(rig.db, { tenantId });
    const before = await versionOf();
    const grant = { events: ["order.*"], filter: { data: { amount: { $gte: 5 } } } };
    const changed = await updatePartner(rig.db, tenantId, id, { grant });
    const rows = await loadSubscriptions(rig.db, before, 10);
    expect(rows.map(({ endpointId }) => endpointId).sort()).toEqual(endpoints.map((each) => each.endpointId).sort());
    expect(rows.map(({ partnerId, partnerGrant }) => [partnerId, partnerGrant])).toEqual([
      [id, grant],
      [id, grant],
    ]);
    expect(changed?.subscriptionVersion).toBe(before + 2n);
  });

  it("that is renamed makes nobody load anything", async () => {
    const tenantId = await aTenant(rig.db);
    const id = await aPartner(tenantId);
    await anEndpoint(rig.db, { tenantId, partnerId: id });
    const before = await versionOf();
    expect((await updatePartner(rig.db, tenantId, id, { name: "other" }))?.partner.name).toBe("other");
    expect(await versionOf()).toBe(before);
  });

  it("goes with its keys and its endpoints, and leaves those of others", async () => {
    const tenantId = await aTenant(rig.db);
    const [gone, stays] = [await aPartner(tenantId), await aPartner(tenantId)];
    const [goneKey, staysKey] = [await aKey(tenantId, gone), await aKey(tenantId, stays)];
    const { endpointId } = await anEndpoint(rig.db, { tenantId, partnerId: gone });
    await anEndpoint(rig.db, { tenantId, partnerId: stays });
    const before = await versionOf();
    expect(await deletePartner(rig.db, tenantId, gone)).toBe(before + 1n);
    expect(await loadSubscriptions(rig.db, before, 10)).toMatchObject([{ endpointId, enabled: false, deleted: true }]);
    expect(await findApiKey(rig.db, goneKey)).toMatchObject({ isDisabled: true, revokedAt: expect.any(Date) });
    expect(await findApiKey(rig.db, staysKey)).toMatchObject({ isDisabled: false, revokedAt: null, partnerGrant: all });
    expect(await listEndpoints(rig.db, tenantId, { limit: 10 })).toHaveLength(1);
    expect(await deletePartner(rig.db, tenantId, gone)).toBeUndefined();
  });

  it("of another tenant is not there", async () => {
    const id = await aPartner(await aTenant(rig.db));
    const other = await aTenant(rig.db);
    expect(await updatePartner(rig.db, other, id, { grant: { events: [] } })).toBeUndefined();
    expect(await deletePartner(rig.db, other, id)).toBeUndefined();
  });
});

describe("every ingest is told", () => {
  it("of a key that is revoked, and of tenants and partners that change, but not of a key's use", async () => {
    const tenantId = await aTenant(rig.db);
    const partnerId = await aPartner(tenantId);
    const keyId = await aKey(tenantId);
    const told = await heard();
    await touchApiKeys(rig.db, [{ tenantId, keyId, at: new Date() }]);
    expect(await revokeApiKey(rig.db, tenantId, keyId)).toBe(true);
    await updateTenant(rig.db, tenantId, { enabled: false });
    await updatePartner(rig.db, tenantId, partnerId, { grant: { events: [] } });
    await eventually(() => expect(told).toEqual([keyId, `tenant/${tenantId}`, `tenant/${tenantId}`]));
  });

  it("and finds the key of a disabled tenant disabled, until it is enabled", async () => {
    const tenantId = await aTenant(rig.db);
    const keyId = await aKey(tenantId);
    const first = await updateTenant(rig.db, tenantId, { enabled: false, requestsPerSecond: 7 });
    expect(await findApiKey(rig.db, keyId)).toMatchObject({ isDisabled: true, requestsPerSecond: 7 });
    expect((await updateTenant(rig.db, tenantId, { enabled: false }))?.disabledAt).toEqual(first?.disabledAt);
    await updateTenant(rig.db, tenantId, { enabled: true });
    expect(await findApiKey(rig.db, keyId)).toMatchObject({ isDisabled: false });
  });
});
