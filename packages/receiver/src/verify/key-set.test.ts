import { generateKeyPairSync } from "node:crypto";
import { expect, it } from "vitest";
import { keySet } from "./key-set.ts";

const endpointId = "0192f0c1-2b5e-7c3a-9d5e-3f1a5b7c9d01";
const jwk = (kid: string) => ({ ...generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" }), kid });

/** A key set that can be changed and cut off, and a clock that is set. */
function served(keys: object[]) {
  const state = { keys, status: 200, nowMs: 0, asked: [] as string[] };
  const source = keySet({
    url: "https://postback.example/v1/tenants/t/jwks.json",
    endpointId,
    clock: () => state.nowMs,
    fetch: async (url) => {
      state.asked.push(url);
      return Response.json({ keys: state.keys }, { status: state.status });
    },
  });
  return { state, source };
}

it("takes the keys of its own endpoint alone", async () => {
  const { source, state } = served([
    jwk(`${endpointId}.2`),
    jwk(`${endpointId}.1`),
    jwk("0192f0c1-2b5e-7c3a-9d5e-000000000000.1"),
    { ...jwk(`${endpointId}.3`), kty: "RSA" },
  ]);
  expect((await source.keys()).map(({ scheme }) => scheme)).toEqual(["v1a", "v1a"]);
  expect(state.asked).toEqual([`https://postback.example/v1/tenants/t/jwks.json?endpoint=${endpointId}`]);
});

it("asks once for those who wait at the same time, and again only when the keys are old", async () => {
  const { source, state } = served([jwk(`${endpointId}.1`)]);
  await Promise.all([source.keys(), source.keys(), source.keys()]);
  state.nowMs = 299_999;
  await source.keys();
  expect(state.asked).toHaveLength(1);
  state.nowMs = 300_000;
  await source.keys();
  expect(state.asked).toHaveLength(2);
});

it("looks for newer keys when no signature matched, but not for each of a flood", async () => {
  const { source, state } = served([jwk(`${endpointId}.1`)]);
  await source.keys();
  state.keys = [jwk(`${endpointId}.2`), ...state.keys];
  expect(await source.refreshed()).toBeUndefined();
  state.nowMs = 10_000;
  expect(await source.refreshed()).toHaveLength(2);
  expect(await source.refreshed()).toBeUndefined();
  expect(state.asked).toHaveLength(2);
});

it("goes on with the keys that it has while the key set is out of reach; without any it throws", async () => {
  const { source, state } = served([jwk(`${endpointId}.1`)]);
  await source.keys();
  state.status = 503;
  state.nowMs = 400_000;
  expect(await source.keys()).toHaveLength(1);
  const first = served([]);
  first.state.status = 503;
  await expect(first.source.keys()).rejects.toThrow("503");
});
