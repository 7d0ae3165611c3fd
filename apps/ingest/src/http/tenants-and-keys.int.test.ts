import { type ApiKey, type Endpoint, type Partner, type Problem, problemType, type Tenant } from "@postback/contracts";
import { readApiKey } from "@postback/domain";
import { eventually } from "@postback/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RunningIngest, startIngest } from "../test-rig.ts";

let ingest: RunningIngest;
let operator: string;
let platform: string;

const allScopes = ["operations:write", "operations:read", "endpoints:write", "endpoints:read", "operator"];

beforeAll(async () => {
  // As in production: what is managed goes by the role that sees one tenant at a time.
  ingest = await startIngest({ isWalled: true });
  operator = await ingest.apiKey({ scopes: allScopes });
  platform = await ingest.apiKey({ scopes: ["platform"] });
});
afterAll(async () => {
  await ingest[Symbol.asyncDispose]();
});

async function ask<T>(key: string, method: string, path: string, body?: unknown) {
  const answer = await fetch(`${ingest.url}/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, text, body: (text ? JSON.parse(text) : undefined) as T };
}

type Page<T> = { data: T[]; nextCursor?: string };
type MadeKey = ApiKey & { key: string };

const makeKey = (by: string, given: object) => ask<MadeKey>(by, "POST", "/api-keys", { name: "k", ...given });
async function aKey(given: object): Promise<MadeKey> {
  const { status, body } = await makeKey(operator, given);
  expect([status, body]).toEqual([201, expect.objectContaining({ key: expect.any(String) })]);
  return body;
}
const refused = ({ status, body }: { status: number; body: unknown }) => [status, (body as Problem).type];

describe("an API key", () => {
  test("is shown once, works at once, and is stored as a hash alone", async () => {
    const made = await makeKey(operator, { scopes: ["endpoints:read"], name: "reader" });
    expect(made.status).toBe(201);
    expect(made.headers.get("cache-control")).toBe("no-store");
    const { key, id, prefix } = made.body;
    expect(key.startsWith(`${prefix}_`)).toBe(true);
    expect(readApiKey(key)?.keyId).toBe(id);
    expect((await ask(key, "GET", "/endpoints")).status).toBe(200);
    const { body: shown, text } = await ask<ApiKey>(operator, "GET", `/api-keys/${id}`);
    expect(shown).toMatchObject({ id, name: "reader", scopes: ["endpoints:read"], prefix });
    expect(text).not.toContain(readApiKey(key)?.secret);
    const { rows } = await ingest.db.pool.query("SELECT row_to_json(k)::text AS row FROM api_keys k");
    expect(rows.map(({ row }) => row).join()).not.toContain(readApiKey(key)?.secret);
  });

  test("gets no scope that the key that makes it lacks, and none that lets it give more", async () => {
    const { key: less } = await aKey({ scopes: ["operator", "endpoints:read"] });
    expect((await makeKey(less, { scopes: ["operator", "endpoints:read"] })).status).toBe(201);
    for (const scope of ["operations:write", "platform"]) {
      expect(refused(await makeKey(less, { scopes: ["endpoints:read", scope] }))).toEqual([
        403,
        problemType("forbidden"),
      ]);
    }
    const { id } = await aKey({ scopes: allScopes });
    expect((await ask(less, "PATCH", `/api-keys/${id}`, { expiresAt: null })).status).toBe(403);
    const { key: reader } = await aKey({ scopes: ["operations:read"] });
    expect((await makeKey(reader, { scopes: ["operations:read"] })).status).toBe(403);
  });

  test("is refused at once when it was revoked by another process, and stays to be looked at", async () => {
    const { key, id } = await aKey({ scopes: ["endpoints:read"] });
    expect((await ask(key, "GET", "/endpoints")).status).toBe(200);
    const revokedAtMs = performance.now();
    expect((await ask(operator, "DELETE", `/api-keys/${id}`)).status).toBe(204);
    await eventually(async () => expect((await ask(key, "GET", "/endpoints")).status).toBe(401), { intervalMs: 20 });
    expect(performance.now() - revokedAtMs).toBeLessThan(1500);
    expect((await ask<ApiKey>(operator, "GET", `/api-keys/${id}`)).body.revokedAt).toBeDefined();
    expect((await ask(operator, "DELETE", `/api-keys/${id}`)).status).toBe(204);
  });

  test("ends at its time, which may be taken away", async () => {
    const soon = new Date(Date.now() + 700).toISOString();
    const { key, id } = await aKey({ scopes: ["endpoints:read"], expiresAt: soon });
    expect((await ask(key, "GET", "/endpoints")).status).toBe(200);
    await eventually(async () => expect((await ask(key, "GET", "/endpoints")).status).toBe(401), { intervalMs: 50 });
    expect((await ask<ApiKey>(operator, "PATCH", `/api-keys/${id}`, { expiresAt: null })).body).not.toHaveProperty(
      "expiresAt",
    );
    await eventually(async () => expect((await ask(key, "GET", "/endpoints")).status).toBe(200), { intervalMs: 50 });
    const past = { scopes: ["endpoints:read"], expiresAt: "2020-01-01T00:00:00Z" };
    expect((await makeKey(operator, past)).status).toBe(422);
  });

  test("is listed page by page, each once", async () => {
    for (let left = 3; left > 0; left -= 1) await aKey({ scopes: ["endpoints:read"] });
    const ids: string[] = [];
    for (let cursor = ""; ; ) {
      const { body } = await ask<Page<ApiKey>>(operator, "GET", `/api-keys?limit=2${cursor}`);
      ids.push(...body.data.map(({ id }) => id));
      if (body.nextCursor === undefined) break;
      cursor = `&cursor=${body.nextCursor}`;
    }
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBeGreaterThanOrEqual(3);
    expect((await ask(operator, "GET", "/api-keys?cursor=%00")).status).toBe(400);
  });
});

describe("a tenant", () => {
  const make = async (given: object = {}) =>
    (await ask<Tenant & { apiKey: string }>(platform, "POST", "/tenants", { name: "acme", ...given })).body;

  test("is made by the platform with a first key, whose holder makes the others", async () => {
    const { id, apiKey } = await make({ quota: { requestsPerSecond: 50 } });
    expect((await makeKey(apiKey, { scopes: ["operations:read"] })).status).toBe(201);
    const shown = await ask<Tenant>(platform, "GET", `/tenants/${id}`);
    expect(shown.body).toMatchObject({ id, name: "acme", enabled: true, quota: { requestsPerSecond: 50 } });
    expect(shown.body).not.toHaveProperty("apiKey");
  });

  test("that is disabled has its keys refused within a second, and back when it is enabled", async () => {
    const { id, apiKey } = await make();
    expect((await ask(apiKey, "GET", "/endpoints")).status).toBe(200);
    expect((await ask(platform, "DELETE", `/tenants/${id}`)).status).toBe(204);
    await eventually(async () => expect((await ask(apiKey, "GET", "/endpoints")).status).toBe(401), { intervalMs: 20 });
    expect((await ask<Tenant>(platform, "PATCH", `/tenants/${id}`, { enabled: true })).body.enabled).toBe(true);
    await eventually(async () => expect((await ask(apiKey, "GET", "/endpoints")).status).toBe(200), { intervalMs: 20 });
  });

  test("is nothing that an operator sees, and the platform sees nothing in one", async () => {
    expect((await ask(operator, "GET", "/tenants")).status).toBe(403);
    for (const path of ["/endpoints", "/api-keys", "/partners", `/operations/${ingest.tenantId}`]) {
      expect([path, (await ask(platform, "GET", path)).status]).toEqual([path, 403]);
    }
  });

  test("of the platform's own key can't be disabled with it", async () => {
    expect((await ask(platform, "DELETE", `/tenants/${ingest.tenantId}`)).status).toBe(403);
  });
});

describe("the rate of a key", () => {
  test("is told with each answer; beyond it come 429 and when to try again", async () => {
    const { apiKey } = (
      await ask<Tenant & { apiKey: string }>(platform, "POST", "/tenants", {
        name: "slow",
        quota: { requestsPerSecond: 2 },
      })
    ).body;
    const answers = await Promise.all(Array.from({ length: 12 }, () => ask(apiKey, "GET", "/endpoints")));
    const [first] = answers.filter(({ status }) => status === 200);
    expect(first?.headers.get("ratelimit-policy")).toBe('"key";q=2;w=1');
    expect(first?.headers.get("ratelimit")).toMatch(/^"key";r=[01];t=1$/);
    const [beyond] = answers.filter(({ status }) => status === 429);
    expect(beyond?.headers.get("retry-after")).toBe("1");
    expect(beyond?.body).toMatchObject({ type: problemType("rate-limited") });
    // Another key is not held up by it.
    expect((await ask(operator, "GET", "/endpoints")).status).toBe(200);
  });
});

describe("a partner", () => {
  const scopes = ["operations:write", "operations:read", "endpoints:write", "endpoints:read"];
  const makePartner = async (grant?: object) =>
    (await ask<Partner>(operator, "POST", "/partners", { name: "carrier", ...(grant ? { grant } : {}) })).body;
  const partnerKey = async (partner: string) => (await aKey({ scopes, partner })).key;
  const endpoint = { url: "https://example.com/hooks", events: ["**"] };

  test("has a grant of nothing until it is given one, which is kept as it was given", async () => {
    const { id, grant } = await makePartner();
    expect(grant).toEqual({ events: [] });
    const given = { events: ["order.*"], filter: { data: { region: "eu" } } };
    expect((await ask<Partner>(operator, "PATCH", `/partners/${id}`, { grant: given })).body.grant).toEqual(given);
    expect((await ask<Page<Partner>>(operator, "GET", "/partners")).body.data.map((each) => each.id)).toContain(id);
    const broken = { events: ["order.*"], filter: { data: { region: { $sounds: "eu" } } } };
    const answer = await ask<Problem>(operator, "PATCH", `/partners/${id}`, { grant: broken });
    expect(answer.body.errors?.map(({ pointer }) => pointer)).toEqual(["/grant/filter/data/region/$sounds"]);
  });

  test("sees its own endpoints alone, and can't make one of another", async () => {
    const [one, other] = [await makePartner(), await makePartner()];
    const [oneKey, otherKey] = [await partnerKey(one.id), await partnerKey(other.id)];
    const { body: made } = await ask<Endpoint>(oneKey, "POST", "/endpoints", endpoint);
    expect(made.partner).toBe(one.id);
    const { body: tenants } = await ask<Endpoint>(operator, "POST", "/endpoints", endpoint);
    for (const id of [made.id, tenants.id]) {
      const calls: [string, string, unknown?][] = [
        ["GET", `/endpoints/${id}`],
        ["PATCH", `/endpoints/${id}`, { description: "mine" }],
        ["GET", `/endpoints/${id}/deliveries`],
        ["DELETE", `/endpoints/${id}`],
      ];
      for (const [method, path, body] of calls) {
        expect([method, (await ask(otherKey, method, path, body)).status]).toEqual([method, 404]);
      }
    }
    expect((await ask<Page<Endpoint>>(otherKey, "GET", "/endpoints")).body).toEqual({ data: [] });
    expect((await ask<Page<Endpoint>>(oneKey, "GET", "/endpoints")).body.data.map(({ id }) => id)).toEqual([made.id]);
    const foreign = { ...endpoint, partner: other.id };
    expect((await ask(oneKey, "POST", "/endpoints", foreign)).status).toBe(422);
    expect((await ask<Endpoint>(operator, "POST", "/endpoints", foreign)).body.partner).toBe(other.id);
    expect((await ask(operator, "POST", "/endpoints", { ...endpoint, partner: ingest.tenantId })).status).toBe(422);
  });

  test("sees and cancels the operations that it submitted, and no others", async () => {
    const [one, other] = [await makePartner({ events: ["**"] }), await makePartner({ events: ["**"] })];
    const [oneKey, otherKey] = [await partnerKey(one.id), await partnerKey(other.id)];
    const write = { type: "sku.rename", input: { sku: "sku-1", name: "Mug" } };
    const { body: its } = await ask<{ id: string }>(oneKey, "POST", "/operations", write);
    expect((await ask(oneKey, "GET", `/operations/${its.id}`)).status).toBe(200);
    expect((await ask(oneKey, "GET", `/operations/${its.id}/events`)).status).toBe(200);
    expect((await ask(operator, "GET", `/operations/${its.id}`)).status).toBe(200);
    // Young ids are never a false 404: 503 says the same of what there isn't.
    for (const [method, path] of [
      ["GET", ""],
      ["GET", "/events"],
      ["POST", "/cancel"],
    ] as const) {
      expect([404, 503]).toContain((await ask(otherKey, method, `/operations/${its.id}${path}`)).status);
    }
    expect((await ask(oneKey, "POST", `/operations/${its.id}/cancel`)).status).toBe(202);
  });

  test("under the same idempotency key, or with the same id, gets no operation of another", async () => {
    const [one, other] = [await makePartner(), await makePartner()];
    const [oneKey, otherKey] = [await partnerKey(one.id), await partnerKey(other.id)];
    const write = { type: "sku.rename", input: { sku: "sku-2", name: "Mug" } };
    const submit = async (key: string, more: object = {}) => {
      const answer = await fetch(`${ingest.url}/v1/operations`, {
        method: "POST",
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json", "idempotency-key": "same" },
        body: JSON.stringify({ ...write, ...more }),
      });
      return { status: answer.status, body: (await answer.json()) as { id: string } };
    };
    const [first, again, others, tenants] = [
      await submit(oneKey),
      await submit(oneKey),
      await submit(otherKey),
      await submit(operator),
    ];
    expect(again.body.id).toBe(first.body.id);
    expect(new Set([first.body.id, others.body.id, tenants.body.id]).size).toBe(3);
    const { status, body } = await ask<Problem>(otherKey, "POST", "/operations", { ...write, id: first.body.id });
    expect([status, body.type]).toEqual([422, problemType("idempotency-key-reused")]);
  });

  test("can be no operator, and its key ends with it", async () => {
    const { id } = await makePartner();
    expect((await makeKey(operator, { scopes: ["operator"], partner: id })).status).toBe(422);
    expect((await makeKey(operator, { scopes, partner: ingest.tenantId })).status).toBe(422);
    const key = await partnerKey(id);
    expect((await ask(key, "GET", "/api-keys")).status).toBe(403);
    expect((await ask(key, "GET", "/endpoints")).status).toBe(200);
    expect((await ask(operator, "DELETE", `/partners/${id}`)).status).toBe(204);
    await eventually(async () => expect((await ask(key, "GET", "/endpoints")).status).toBe(401), { intervalMs: 20 });
    expect((await ask(operator, "GET", `/partners/${id}`)).status).toBe(404);
  });
});
