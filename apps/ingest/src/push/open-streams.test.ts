import { createLogger } from "@postback/runtime";
import { expect, test } from "vitest";
import type { Caller } from "../auth/known-keys.ts";
import { Refusal } from "../refusal.ts";
import { OpenStreams } from "./open-streams.ts";

const logger = createLogger({ app: "test", level: "silent", format: "json" });
const partner = (grantText: string): Caller => ({
  tenantId: "t",
  keyId: "k",
  scopes: new Set(["operations:read"]),
  partnerId: "p",
  grantText,
});

/** Opens a stream and waits until its key was asked for again; how often it was cut by then. */
async function cutsAfter(callerOf: () => Caller): Promise<number> {
  const asked = Promise.withResolvers<void>();
  const keys = {
    callerOf: () => {
      // What comes of the answer is done in the microtasks after it.
      setImmediate(asked.resolve);
      return callerOf();
    },
  };
  const streams = new OpenStreams({ keys, logger, max: 10, perKeyMax: 10 });
  let cuts = 0;
  streams.take(partner("all"), "Bearer x", () => {
    cuts += 1;
  });
  const stopping = new AbortController();
  const running = streams.part.run(stopping.signal);
  await asked.promise;
  const found = cuts;
  stopping.abort();
  await running;
  return found;
}

const revoked = () => {
  throw new Refusal("unauthenticated", "no");
};

test.concurrent("a stream goes on while its key is as it was", async () => {
  expect(await cutsAfter(() => partner("all"))).toBe(0);
});

test.concurrent("a stream is cut within about a second when its key has another grant, or is revoked", async () => {
  expect(await Promise.all([cutsAfter(() => partner("less")), cutsAfter(revoked)])).toEqual([1, 1]);
});
