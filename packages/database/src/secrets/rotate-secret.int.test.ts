import { randomBytes } from "node:crypto";
import { expect, it } from "vitest";
import { loadSubscriptions } from "../dispatch/load-subscriptions.ts";
import { deleteEndpoint } from "../endpoints/delete-endpoint.ts";
import { useDatabase } from "../test-rig.ts";
import { anEndpoint, aTenant, type EndpointKey } from "../test-rows.ts";
import { deleteEndedSecrets } from "./delete-ended-secrets.ts";
import type { SecretAlgorithm } from "./endpoint-secret.ts";
import { findSecrets } from "./find-secrets.ts";
import { listPublicKeys } from "./list-public-keys.ts";
import { rotateSecret } from "./rotate-secret.ts";

const rig = useDatabase();

const made = (algorithm: SecretAlgorithm) => ({
  algorithm,
  keyId: "k1",
  nonce: randomBytes(12),
  ciphertext: randomBytes(54),
  ...(algorithm === "v1a" ? { publicKey: randomBytes(32) } : {}),
});

const rotate = (
  { tenantId, endpointId }: EndpointKey,
  { overlapSeconds = 3600, algorithm }: { overlapSeconds?: number; algorithm?: SecretAlgorithm } = {},
) => rotateSecret(rig.db, { tenantId, endpointId, overlapSeconds, secretsMax: 3, algorithm, makeSecret: made });

const versionsOf = async ({ tenantId, endpointId }: EndpointKey) =>
  (await findSecrets(rig.db, tenantId, endpointId)).map(({ version }) => version);

async function loaded({ endpointId }: EndpointKey) {
  const rows = await loadSubscriptions(rig.db, 0n, 1000);
  return rows.find((row) => row.endpointId === endpointId);
}

it("both sign until the end of the old one, which dispatchers are told with it", async () => {
  const endpoint = await anEndpoint(rig.db);
  const before = await loaded(endpoint);
  const outcome = await rotate(endpoint, { overlapSeconds: 60 });
  expect(outcome).toMatchObject({ kind: "rotated", version: 2 });
  expect(await versionsOf(endpoint)).toEqual([2, 1]);
  const after = await loaded(endpoint);
  expect(BigInt(after?.version ?? 0)).toBeGreaterThan(BigInt(before?.version ?? 0));
  expect(after?.version).toBe(outcome.kind === "rotated" ? outcome.subscriptionVersion.toString() : "");
  expect(after?.secrets.map(({ version }) => version)).toEqual([2, 1]);
  expect(after?.secrets[0]?.expiresInMs).toBeNull();
  expect(after?.secrets[1]?.expiresInMs).toBeGreaterThan(50_000);
  expect(after?.secrets[1]?.expiresInMs).toBeLessThanOrEqual(60_000);
});

it("without an overlap the old ones end at once", async () => {
  const endpoint = await anEndpoint(rig.db);
  await rotate(endpoint);
  await rotate(endpoint, { overlapSeconds: 0 });
  expect(await versionsOf(endpoint)).toEqual([3]);
});

it("a rotation never makes an older secret sign longer, so that the oldest ends first", async () => {
  const endpoint = await anEndpoint(rig.db);
  await rotate(endpoint, { overlapSeconds: 60 });
  await rotate(endpoint, { overlapSeconds: 7 * 86_400 });
  const [, second, first] = (await loaded(endpoint))?.secrets ?? [];
  expect(first?.expiresInMs).toBeLessThanOrEqual(60_000);
  expect(second?.expiresInMs).toBeGreaterThan(6 * 86_400_000);
});

it("no more sign than may, unless the others end at once", async () => {
  const endpoint = await anEndpoint(rig.db);
  await rotate(endpoint);
  await rotate(endpoint);
  expect(await rotate(endpoint)).toEqual({ kind: "too-many", endsAt: expect.any(Date) });
  expect(await versionsOf(endpoint)).toEqual([3, 2, 1]);
  expect(await rotate(endpoint, { overlapSeconds: 0 })).toMatchObject({ kind: "rotated", version: 4 });
});

it("rotations at the same time take turns: each gets a number of its own", async () => {
  const endpoint = await anEndpoint(rig.db);
  const outcomes = await Promise.all([rotate(endpoint), rotate(endpoint)]);
  expect(outcomes.map((outcome) => outcome.kind === "rotated" && outcome.version).sort()).toEqual([2, 3]);
});

it("the scheme stays as it was, unless another is asked for", async () => {
  const endpoint = await anEndpoint(rig.db);
  await rotate(endpoint, { algorithm: "v1a" });
  await rotate(endpoint);
  const { tenantId, endpointId } = endpoint;
  const secrets = await findSecrets(rig.db, tenantId, endpointId);
  expect(secrets.map(({ algorithm }) => algorithm)).toEqual(["v1a", "v1a", "v1"]);
  const keys = await listPublicKeys(rig.db, tenantId, { limit: 10 });
  expect(keys).toEqual([
    { endpointId, version: 3, publicKey: expect.any(Buffer) },
    { endpointId, version: 2, publicKey: expect.any(Buffer) },
  ]);
  expect(await rig.query("SELECT signature FROM endpoints WHERE id = $1", [endpointId])).toEqual([
    { signature: "v1a" },
  ]);
});

it("public keys are those of one tenant, or of one endpoint, and none of what is deleted", async () => {
  const tenantId = await aTenant(rig.db);
  const [first, second] = [await anEndpoint(rig.db, { tenantId }), await anEndpoint(rig.db, { tenantId })];
  for (const endpoint of [first, second, await anEndpoint(rig.db)]) await rotate(endpoint, { algorithm: "v1a" });
  const list = async (endpointId?: string) =>
    (await listPublicKeys(rig.db, tenantId, { endpointId, limit: 10 })).map((row) => row.endpointId);
  expect(await list()).toEqual([first.endpointId, second.endpointId].sort().reverse());
  expect(await list(first.endpointId)).toEqual([first.endpointId]);
  await deleteEndpoint(rig.db, tenantId, second.endpointId);
  expect(await list()).toEqual([first.endpointId]);
});

it("is refused across tenants and for what is deleted", async () => {
  const endpoint = await anEndpoint(rig.db);
  const stranger = { ...endpoint, tenantId: await aTenant(rig.db) };
  expect(await rotate(stranger)).toEqual({ kind: "no-endpoint" });
  expect(await versionsOf(stranger)).toEqual([]);
  await deleteEndpoint(rig.db, endpoint.tenantId, endpoint.endpointId);
  expect(await rotate(endpoint)).toEqual({ kind: "no-endpoint" });
  expect(await versionsOf(endpoint)).toEqual([]);
});

it("upkeep deletes the secrets of deleted endpoints", async () => {
  const endpoint = await anEndpoint(rig.db);
  await rotate(endpoint);
  await deleteEndpoint(rig.db, endpoint.tenantId, endpoint.endpointId);
  await deleteEndedSecrets(rig.db, 1000);
  expect(await rig.query("SELECT FROM endpoint_secrets WHERE endpoint_id = $1", [endpoint.endpointId])).toEqual([]);
});

it("upkeep deletes what has ended, a bounded number at once, and nothing that signs", async () => {
  await deleteEndedSecrets(rig.db, 1000);
  const endpoint = await anEndpoint(rig.db);
  await rotate(endpoint, { overlapSeconds: 0 });
  await rotate(endpoint, { overlapSeconds: 0 });
  await rotate(endpoint, { overlapSeconds: 3600 });
  const remove = () => deleteEndedSecrets(rig.db, 1);
  expect([await remove(), await remove(), await remove()]).toEqual([1, 1, 0]);
  const rows = await rig.query("SELECT version FROM endpoint_secrets WHERE endpoint_id = $1 ORDER BY 1", [
    endpoint.endpointId,
  ]);
  expect(rows).toEqual([{ version: 3 }, { version: 4 }]);
});
