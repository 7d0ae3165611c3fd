import { hash } from "node:crypto";
import type { ApiKeyRow } from "@postback/database";
import { expect, test } from "vitest";
import { KnownKeys, requireScope } from "./known-keys.ts";

const secret = "s".repeat(43);
const authorization = `Bearer pb_test_abcdef123456_${secret}`;
const row: ApiKeyRow = {
  tenantId: "t1",
  keyId: "abcdef123456",
  secretHash: hash("sha256", secret, "buffer"),
  scopes: ["operations:write"],
  partnerId: null,
  partnerGrant: null,
  isDisabled: false,
  requestsPerSecond: null,
  expiresAt: null,
  revokedAt: null,
};

/** Keys with a Postgres that says what it is told to, and a clock that goes by hand. */
function rig() {
  const state = { row: row as ApiKeyRow | undefined, isAway: false, nowMs: 0, asked: 0, touched: [] as string[] };
  const keys = new KnownKeys({
    clock: () => state.nowMs,
    store: {
      findApiKey: async () => {
        state.asked += 1;
        if (state.isAway) throw Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
        return state.row;
      },
      touchApiKeys: async (uses) => {
        if (state.isAway) throw new Error("away");
        state.touched.push(...uses.map(({ keyId }) => keyId));
      },
    },
  });
  const call = async (header = authorization) => await keys.callerOf(header);
  return { state, keys, call };
}

test("asks Postgres once, and answers the next requests from memory without a promise", async () => {
  const { state, keys, call } = rig();
  expect(await call()).toMatchObject({ tenantId: "t1", keyId: "abcdef123456" });
  expect(keys.callerOf(authorization)).not.toBeInstanceOf(Promise);
  expect(state.asked).toBe(1);
});

test("requests at the same instant share one question", async () => {
  const { state, call } = rig();
  await Promise.all([call(), call(), call()]);
  expect(state.asked).toBe(1);
});

test("a key in use is asked for again before it is too old, without waiting", async () => {
  const { state, keys, call } = rig();
  await call();
  state.nowMs = 600;
  expect(keys.callerOf(authorization)).not.toBeInstanceOf(Promise);
  expect(state.asked).toBe(2);
});

test("a revocation works after a second at most, also for a key that was idle", async () => {
  const { state, call } = rig();
  await call();
  state.row = { ...row, revokedAt: new Date() };
  state.nowMs = 1001;
  await expect(call()).rejects.toMatchObject({ code: "unauthenticated" });
});

test("with Postgres away a known key is good for ten minutes, an unknown one gets 503 and not 401", async () => {
  const { state, call } = rig();
  await call();
  state.isAway = true;
  state.nowMs = 599_000;
  expect(await call()).toMatchObject({ tenantId: "t1" });
  await expect(call(`Bearer pb_test_000000000000_${secret}`)).rejects.toMatchObject({ code: "unavailable" });
  state.nowMs = 600_001;
  await expect(call()).rejects.toMatchObject({ code: "unavailable" });
});

test("while Postgres is away it isn't asked for each request, and soon after it is back it is", async () => {
  const { state, call } = rig();
  await call();
  state.isAway = true;
  state.nowMs = 2000;
  for (let request = 0; request < 10; request += 1) await call();
  expect(state.asked).toBe(2);
  state.isAway = false;
  state.nowMs = 2500;
  await call();
  expect(state.asked).toBe(3);
});

test.each([
  ["another secret", `Bearer pb_test_abcdef123456_${"x".repeat(43)}`, row],
  ["an id that doesn't exist", authorization, undefined],
  ["an end that has passed", authorization, { ...row, expiresAt: new Date(0) }],
  ["a revocation", authorization, { ...row, revokedAt: new Date(0) }],
])("refuses a key with %s", async (_what, header, found) => {
  const { state, call } = rig();
  state.row = found;
  await expect(call(header)).rejects.toMatchObject({ code: "unauthenticated" });
});

test("notes uses once each, and keeps them while Postgres is away", async () => {
  const { state, keys, call } = rig();
  await call();
  await call();
  state.isAway = true;
  await expect(keys.noteUses()).rejects.toThrow("away");
  state.isAway = false;
  await keys.noteUses();
  await keys.noteUses();
  expect(state.touched).toEqual(["abcdef123456"]);
});

test("a partner's key submits writes and sees nothing", () => {
  const scopes = new Set(["operations:write", "operations:read"]);
  const partner = { tenantId: "t1", keyId: "k", scopes, partnerId: "p1" };
  expect(() => requireScope(partner, "operations:write")).not.toThrow();
  expect(() => requireScope(partner, "operations:read")).toThrow(expect.objectContaining({ code: "forbidden" }));
});

test("a key that is told to have changed is asked for again at once, and its change works", async () => {
  const { state, keys, call } = rig();
  await call();
  for (const changed of [row.keyId, `tenant/${row.tenantId}`]) {
    state.row = { ...row, revokedAt: new Date() };
    keys.forget(changed);
    await expect(call()).rejects.toMatchObject({ code: "unauthenticated" });
    state.row = row;
    keys.forget(changed);
    await call();
  }
});

test("a key that is told to have changed is not believed while Postgres is away", async () => {
  const { state, keys, call } = rig();
  await call();
  state.isAway = true;
  keys.forget(row.keyId);
  await expect(call()).rejects.toMatchObject({ code: "unavailable" });
});

test("changes of others are nothing to a key", async () => {
  const { state, keys, call } = rig();
  await call();
  keys.forget("otherkey1234");
  keys.forget("tenant/t2");
  await call();
  expect(state.asked).toBe(1);
});

test("keys of a disabled tenant, and of a partner that was taken away, are refused", async () => {
  const { state, call } = rig();
  state.row = { ...row, isDisabled: true };
  await expect(call()).rejects.toMatchObject({ code: "unauthenticated" });
});

test("a partner's key brings its grant along", async () => {
  const { state, call } = rig();
  state.row = { ...row, partnerId: "p1", partnerGrant: { events: ["order.*"] } };
  const { partner } = await call();
  expect(partner?.id).toBe("p1");
  expect(partner?.grant.patterns.map(({ text }) => text)).toEqual(["order.*"]);
});
