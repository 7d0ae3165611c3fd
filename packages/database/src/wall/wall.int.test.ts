import { hash } from "node:crypto";
import { newId } from "@postback/domain";
import pg from "pg";
import { beforeAll, describe, expect, it } from "vitest";
import { findDelivery } from "../deliveries/find-delivery.ts";
import { createEndpoint } from "../endpoints/create-endpoint.ts";
import { deleteEndpoint } from "../endpoints/delete-endpoint.ts";
import { findEndpoint } from "../endpoints/find-endpoint.ts";
import { listEndpoints } from "../endpoints/list-endpoints.ts";
import { createApiKey } from "../keys/create-api-key.ts";
import { revokeApiKey } from "../keys/revoke-api-key.ts";
import { type Database, openDatabase } from "../open-database.ts";
import { loadOperation } from "../operations/load-operation.ts";
import { projectCommands } from "../operations/project-commands.ts";
import { requestOperation } from "../operations/request-operation.ts";
import { createPartner } from "../partners/create-partner.ts";
import { deletePartner } from "../partners/delete-partner.ts";
import { updatePartner } from "../partners/update-partner.ts";
import { useDatabase } from "../test-rig.ts";
import { aCommand, anEndpoint, aTenant } from "../test-rows.ts";
import { asTenant } from "./as-tenant.ts";
import { isWalled } from "./is-walled.ts";

const rig = useDatabase();
let walled: Database;
let tenantId: string;
let otherId: string;
let operationId: string;
let otherOperationId: string;

/** Roles are the server's, which outlives the database of this file. */
const logins: string[] = [];

/** A login as production has it: in a group role, and nothing besides. */
async function loginIn(role: string): Promise<string> {
  const name = `test_${newId().replaceAll("-", "")}`;
  logins.push(name);
  await rig.query(`CREATE ROLE ${name} LOGIN PASSWORD 'secret' IN ROLE ${role}`);
  const url = new URL(rig.url);
  url.username = name;
  url.password = "secret";
  return url.href;
}

const tables = [
  "tenants",
  "partners",
  "api_keys",
  "endpoints",
  "endpoint_secrets",
  "lanes",
  "operations",
  "idempotency_keys",
  "events",
  "deliveries",
  "replays",
  "dead_letters",
  "endpoint_health",
  "notices",
];

/** A row in each table that has one of its own. */
async function fill(tenant: string): Promise<string> {
  const partnerId = newId();
  await createPartner(rig.db, tenant, { id: partnerId, name: "partner", grant: { events: ["**"] } });
  const { endpointId } = await anEndpoint(rig.db, { tenantId: tenant, partnerId });
  const key = {
    tenantId: tenant,
    keyId: newId().slice(-12),
    secretHash: new Uint8Array(hash("sha256", "s", "buffer")),
  };
  await createApiKey(rig.db, { ...key, scopes: ["operator"], name: "key" });
  const command = aCommand({ tenantId: tenant, key: "key" });
  await projectCommands(rig.db, [command]);
  const values = [tenant, newId(), endpointId];
  await rig.query(
    `INSERT INTO events (tenant_id, id, type, partition, body, accepted_at) VALUES ($1, $2, 'a', 0, '{}', now())`,
    values.slice(0, 2),
  );
  await rig.query(
    `INSERT INTO deliveries (tenant_id, event_id, endpoint_id, event_type, partition, status)
     VALUES ($1, $2, $3, 'a', 0, 'delivered')`,
    values,
  );
  await rig.query(
    `INSERT INTO replays (tenant_id, id, endpoint_id, since, until, status) VALUES ($1, $2, $3, now(), now(), 'ended')`,
    values,
  );
  await rig.query(
    `INSERT INTO dead_letters (topic, partition, "offset", tenant_id, reason, detail)
     VALUES ($2::text, 0, 0, $1, 'too-old', '')`,
    values.slice(0, 2),
  );
  // Both are written by the triggers of an endpoint that disables itself.
  await rig.query(
    "UPDATE endpoints SET enabled = false, disabled_reason = 'failing' WHERE tenant_id = $1 AND id = $2",
    [tenant, endpointId],
  );
  await rig.query("INSERT INTO endpoint_health (tenant_id, endpoint_id) VALUES ($1, $2) ON CONFLICT DO NOTHING", [
    tenant,
    endpointId,
  ]);
  return command.id;
}

beforeAll(async () => {
  [tenantId, otherId] = [await aTenant(rig.db), await aTenant(rig.db)];
  [operationId, otherOperationId] = [await fill(tenantId), await fill(otherId)];
  const logger = { warn: () => undefined };
  walled = openDatabase({
    url: await loginIn("postback_api"),
    applicationName: "walled",
    poolMax: 2,
    walled: true,
    logger,
  });
  return async () => {
    await walled.close();
    for (const name of logins) await rig.query(`DROP ROLE ${name}`);
  };
});

const tenantsIn = async (db: Database | pg.Client, table: string): Promise<string[]> => {
  const column = table === "tenants" ? "id" : "tenant_id";
  const sql = `SELECT DISTINCT ${column} AS tenant FROM ${table} WHERE ${column} IS NOT NULL`;
  const { rows } = await ("pool" in db ? db.pool : db).query<{ tenant: string }>(sql);
  return rows.map(({ tenant }) => tenant);
};

describe("under the role of the API", () => {
  it.each(tables)(
    "a statement on %s that forgets its tenant sees no other's rows, and without a tenant none",
    async (table) => {
      expect(await tenantsIn(rig.db, table)).toEqual(expect.arrayContaining([tenantId, otherId]));
      expect(await asTenant(tenantId, () => tenantsIn(walled, table))).toEqual([tenantId]);
      expect(await asTenant(otherId, () => tenantsIn(walled, table))).toEqual([otherId]);
      expect(await tenantsIn(walled, table)).toEqual([]);
    },
  );

  it("many at once on few connections each see their own", async () => {
    const asked = Array.from({ length: 60 }, (_, at) => [tenantId, otherId][at % 2] ?? "");
    const seen = await Promise.all(
      asked.map((tenant) => asTenant(tenant, () => listEndpoints(walled, tenant, { limit: 10 }))),
    );
    expect(seen.map((rows) => new Set(rows.map((row) => row.tenantId)))).toEqual(asked.map((each) => new Set([each])));
  });

  it("all that the API does to a tenant works", async () => {
    const partnerId = newId();
    const endpointId = newId();
    const secret = { algorithm: "v1" as const, keyId: "k1", nonce: Buffer.alloc(12), ciphertext: Buffer.alloc(54) };
    await asTenant(tenantId, async () => {
      await createPartner(walled, tenantId, { id: partnerId, name: "p", grant: { events: [] } });
      const url = "https://partner.example/hook";
      const given = { id: endpointId, url, events: ["**"], partnerId, secret };
      await createEndpoint(walled, tenantId, given);
      const changed = await updatePartner(walled, tenantId, partnerId, { grant: { events: ["**"] } });
      expect(changed?.subscriptionVersion).toBeGreaterThan(0n);
      expect(await findEndpoint(walled, tenantId, endpointId)).toBeDefined();
      expect(await deleteEndpoint(walled, tenantId, endpointId)).toBeDefined();
      expect(await deletePartner(walled, tenantId, partnerId)).toBeDefined();
      const keyId = newId().slice(-12);
      const secretHash = new Uint8Array(hash("sha256", "s", "buffer"));
      await createApiKey(walled, { tenantId, keyId, secretHash, scopes: ["operator"], name: "key" });
      expect(await revokeApiKey(walled, tenantId, keyId)).toBe(true);
      const eventId = newId();
      expect(await findDelivery(walled, tenantId, { eventId, endpointId, replay: newId() })).toBeUndefined();
      expect(await requestOperation(walled, tenantId, operationId, { kind: "cancel", by: keyId })).toMatchObject({
        kind: "requested",
      });
    });
  });

  it("another tenant's rows can be neither read nor changed, whatever the statement says", async () => {
    await asTenant(tenantId, async () => {
      expect(await loadOperation(walled, otherId, otherOperationId)).toBeUndefined();
      expect(await requestOperation(walled, otherId, otherOperationId, { kind: "cancel", by: "k" })).toEqual({
        kind: "unknown",
      });
      await expect(
        createPartner(walled, otherId, { id: newId(), name: "p", grant: { events: ["**"] } }),
      ).rejects.toThrow(/row-level security/);
      await expect(walled.pool.query("UPDATE operations SET status = 'failed'")).rejects.toThrow(/permission denied/);
      await expect(walled.pool.query("SET ROLE postgres")).rejects.toThrow(/permission denied/);
    });
  });
});

it("the role of readers sees one tenant's rows, no secrets, and changes nothing", async () => {
  const client = new pg.Client({ connectionString: await loginIn("postback_reader") });
  await client.connect();
  try {
    expect(await tenantsIn(client, "operations")).toEqual([]);
    await client.query("SELECT set_config('postback.tenant', $1, false)", [tenantId]);
    expect(await tenantsIn(client, "operations")).toEqual([tenantId]);
    for (const secret of ["api_keys", "endpoint_secrets"]) {
      await expect(client.query(`SELECT FROM ${secret}`)).rejects.toThrow(/permission denied/);
    }
    await expect(client.query("DELETE FROM endpoints")).rejects.toThrow(/permission denied/);
  } finally {
    await client.end();
  }
});

it("whoever is in neither role keeps what it has: hot paths carry the tenant in each key", async () => {
  const url = await loginIn("pg_read_all_data");
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    expect(await tenantsIn(client, "operations")).toEqual(expect.arrayContaining([tenantId, otherId]));
  } finally {
    await client.end();
  }
});

it("a login is known for whether the wall holds for it", async () => {
  expect(await isWalled(walled)).toBe(true);
  expect(await isWalled(rig.db)).toBe(false);
});
