import { createPublicKey, verify } from "node:crypto";
import { type Endpoint, type EndpointSecret, type KeySet, type Problem, problemType } from "@postback/contracts";
import { openSecret, rewrapSecrets } from "@postback/database";
import { newId, parseSecret, signWebhook } from "@postback/domain";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RunningIngest, startIngest } from "../../test-rig.ts";

let ingest: RunningIngest;
let key: string;

beforeAll(async () => {
  ingest = await startIngest();
  key = await ingest.apiKey({ scopes: ["endpoints:write", "endpoints:read"] });
});
afterAll(async () => {
  await ingest[Symbol.asyncDispose]();
});

async function ask<T>(method: string, path: string, body?: unknown, authorization = `Bearer ${key}`) {
  const answer = await fetch(ingest.url + path, {
    method,
    headers: { authorization, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as T };
}

const url = "https://partner.example.com/hooks";
const create = async (more: object = {}) =>
  (await ask<Endpoint>("POST", "/v1/endpoints", { url, events: ["order.*"], ...more })).body;
const rotate = (id: string, how: object = {}) => ask<EndpointSecret>("POST", `/v1/endpoints/${id}/secret/rotate`, how);
const secretOf = (id: string) => ask<EndpointSecret>("GET", `/v1/endpoints/${id}/secret`);

describe("the filter of an endpoint", () => {
  const filter = { data: { amount: { $gte: 1000 } }, $not: { entity: { type: "draft" } } };

  test("is kept as it was given, is changed, and null takes it away", async () => {
    const { id } = await create({ filter });
    const show = async () => (await ask<Endpoint>("GET", `/v1/endpoints/${id}`)).body;
    expect((await show()).filter).toEqual(filter);
    await ask("PATCH", `/v1/endpoints/${id}`, { description: "the filter stays" });
    expect((await show()).filter).toEqual(filter);
    await ask("PATCH", `/v1/endpoints/${id}`, { filter: { entity: { type: "order" } } });
    expect((await show()).filter).toEqual({ entity: { type: "order" } });
    await ask("PATCH", `/v1/endpoints/${id}`, { filter: null });
    expect(await show()).not.toHaveProperty("filter");
  });

  test.each([
    ["POST", "/v1/endpoints", { url, events: ["**"] }],
    ["PATCH", `/v1/endpoints/${newId()}`, {}],
  ])("is refused with each broken rule at its place: %s", async (method, path, given) => {
    const broken = { data: { amount: { $gte: "1000" }, tags: ["a"] }, type: "order.placed" };
    const { status, body } = await ask<Problem>(method, path, { ...given, filter: broken });
    expect(status).toBe(422);
    expect(body.type).toBe(problemType("invalid-input"));
    expect(body.errors?.map(({ pointer }) => pointer)).toEqual([
      "/filter/data/amount/$gte",
      "/filter/data/tags",
      "/filter/type",
    ]);
  });

  test.each([["x"], [[]], [{}]])("must be an object with a condition: %j", async (given) => {
    expect((await ask("POST", "/v1/endpoints", { url, events: ["**"], filter: given })).status).toBe(422);
  });
});

describe("the secret of an endpoint", () => {
  test("is shown by the creation and by its own path, which lets nobody keep it", async () => {
    const { id, secret } = await create();
    const { body, headers } = await secretOf(id);
    expect(body).toEqual({ signature: "v1", secret, createdAt: expect.any(String), expiring: [] });
    expect(headers.get("cache-control")).toBe("no-store");
  });

  test("is rotated: the old one still signs until it ends, a day later where nothing else is said", async () => {
    const { id, secret } = await create();
    const { status, body } = await rotate(id);
    expect(status).toBe(200);
    expect(body).toMatchObject({ signature: "v1", expiring: [{ secret }] });
    expect(body.secret).toMatch(/^whsec_/);
    expect(body.secret).not.toBe(secret);
    const endsInMs = Date.parse(body.expiring[0]?.expiresAt ?? "") - Date.parse(body.createdAt);
    expect(endsInMs).toBe(86_400_000);
    expect((await secretOf(id)).body).toEqual(body);
    expect((await rotate(id, { overlapSeconds: 0 })).body.expiring).toEqual([]);
  });

  test("of five that sign no one more is made, and the refusal says what to do", async () => {
    const { id } = await create();
    for (const _ of [2, 3, 4, 5]) expect((await rotate(id)).status).toBe(200);
    const refused = await ask<Problem>("POST", `/v1/endpoints/${id}/secret/rotate`, {});
    expect(refused.status).toBe(409);
    expect(refused.body).toMatchObject({
      type: problemType("too-many-secrets"),
      detail: expect.stringContaining('{"overlapSeconds": 0}'),
    });
  });

  test.each([{ overlapSeconds: -1 }, { overlapSeconds: 604_801 }, { overlapSeconds: 1.5 }, { signature: "v2" }])(
    "is not rotated with %j",
    async (how) => {
      expect((await rotate((await create()).id, how)).status).toBe(422);
    },
  );

  test("is nobody else's: neither another tenant's nor that of a key which may only read", async () => {
    const { id } = await create();
    const stranger = await ingest.apiKey({ scopes: ["endpoints:write"], tenantId: newId() });
    const reader = await ingest.apiKey({ scopes: ["endpoints:read"] });
    for (const [method, path] of [
      ["GET", `/v1/endpoints/${id}/secret`],
      ["POST", `/v1/endpoints/${id}/secret/rotate`],
    ] as const) {
      const body = method === "POST" ? {} : undefined;
      expect((await ask(method, path, body, `Bearer ${stranger}`)).status).toBe(404);
      expect((await ask(method, path, body, `Bearer ${reader}`)).status).toBe(403);
    }
  });
});

describe("an endpoint with v1a", () => {
  const keySet = async (query = "", tenantId = ingest.tenantId) => {
    const answer = await fetch(`${ingest.url}/v1/tenants/${tenantId}/jwks.json${query}`);
    return { status: answer.status, headers: answer.headers, keys: ((await answer.json()) as KeySet).keys };
  };

  /** Signs as dispatchers do, with what the database has. */
  async function signedWith(endpointId: string) {
    const rows = await ingest.db.pool.query(
      "SELECT version, key_id, nonce, ciphertext FROM endpoint_secrets WHERE endpoint_id = $1 ORDER BY version DESC",
      [endpointId],
    );
    const secrets = rows.rows.map(({ version, key_id: keyId, nonce, ciphertext }) => {
      const place = { tenantId: ingest.tenantId, endpointId, version };
      const parsed = parseSecret(openSecret(ingest.keyring, { keyId, nonce, ciphertext }, place));
      if (parsed === undefined) throw new Error("not a secret");
      return parsed;
    });
    return signWebhook({ id: "e1", timestampSeconds: 1, body: "{}", secrets }).split(" ");
  }

  test("shows its public key and never the private one, and the key set verifies what it signs", async () => {
    const created = await create({ signature: "v1a" });
    expect(created).toMatchObject({
      signature: "v1a",
      keyId: `${created.id}.1`,
      publicKey: expect.stringMatching(/^whpk_/),
    });
    expect(created).not.toHaveProperty("secret");
    expect(JSON.stringify([created, (await secretOf(created.id)).body])).not.toContain("whsk_");
    const { keys, headers } = await keySet(`?endpoint=${created.id}`);
    expect(headers.get("cache-control")).toBe("public, max-age=60");
    expect(keys).toEqual([
      { kty: "OKP", crv: "Ed25519", x: expect.any(String), kid: created.keyId, use: "sig", alg: "EdDSA" },
    ]);
    const [signature = ""] = await signedWith(created.id);
    const publicKey = createPublicKey({ key: keys[0] ?? {}, format: "jwk" });
    const bytes = Buffer.from(signature.slice("v1a,".length), "base64");
    expect(verify(null, Buffer.from("e1.1.{}"), publicKey, bytes)).toBe(true);
    expect(verify(null, Buffer.from("e1.1.{} "), publicKey, bytes)).toBe(false);
  });

  test("comes from one with v1 by a rotation, both signing meanwhile", async () => {
    const { id, secret } = await create();
    const { body } = await rotate(id, { signature: "v1a", overlapSeconds: 60 });
    expect(body).toMatchObject({ signature: "v1a", keyId: `${id}.2`, expiring: [{ signature: "v1", secret }] });
    expect((await signedWith(id)).map((each) => each.split(",")[0])).toEqual(["v1a", "v1"]);
    expect((await ask<Endpoint>("GET", `/v1/endpoints/${id}`)).body.signature).toBe("v1a");
  });

  test("has its keys in the set of its tenant alone, newest endpoint first, the new key beside the old", async () => {
    const [first, second] = [await create({ signature: "v1a" }), await create({ signature: "v1a" })];
    await rotate(first.id);
    const kids = (await keySet()).keys.map(({ kid }) => kid);
    expect(kids.slice(0, 3)).toEqual([`${second.id}.1`, `${first.id}.2`, `${first.id}.1`]);
    expect((await keySet("", newId())).keys).toEqual([]);
    expect((await keySet("", "nobody")).status).toBe(404);
    expect((await keySet("?endpont=x")).status).toBe(400);
  });
});

test("a re-wrap changes nothing that a client sees", async () => {
  const { id, secret } = await create();
  const newest = { newest: "k2", keys: new Map([...ingest.keyring.keys, ["k2", Buffer.alloc(32, 2)]]) };
  expect((await rewrapSecrets(ingest.db, newest, { batchMax: 1000 })).failed).toEqual([]);
  // Ingest here has the old key alone, as one would that was forgotten: it says so and shows nothing.
  expect((await secretOf(id)).status).toBe(500);
  const back = { newest: "test", keys: newest.keys };
  expect((await rewrapSecrets(ingest.db, back, { batchMax: 1000 })).failed).toEqual([]);
  expect((await secretOf(id)).body.secret).toBe(secret);
});
