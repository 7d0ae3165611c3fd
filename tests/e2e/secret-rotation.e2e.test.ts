import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { EndpointSecret } from "@postback/contracts";
import { eventually } from "@postback/testkit";
import { Webhook, WebhookVerificationError } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Received } from "./rig/scripted-receiver.ts";
import { useShopStack } from "./rig/shop-stack.ts";

const key = (id: string) => `${id}:${randomBytes(32).toString("base64")}`;
const keys = { old: key("old"), new: key("new") };

/** Two dispatchers know both keys; the third, which runs only at the end, has the new one alone. */
const spare = 2;
const shop = useShopStack({
  apps: { "webhook-dispatcher": 3 },
  envOf: (name, index) => ({
    SECRET_KEYRING: name === "webhook-dispatcher" && index === spare ? keys.new : `${keys.old},${keys.new}`,
  }),
});

beforeAll(() => shop().app("webhook-dispatcher", spare).stop());

const idsOf = (name: string) =>
  shop()
    .receiver.of(name)
    .map(({ webhookId }) => webhookId);

function isSignedBy(secret: string, { headers, body }: Received): boolean {
  try {
    new Webhook(secret).verify(body.toString("utf8"), headers);
    return true;
  } catch (error) {
    if (error instanceof WebhookVerificationError) return false;
    throw error;
  }
}

/** Publishes until it is stopped; answers when each event was begun to be published, by its id. */
function startLoad(type: string) {
  const publishedAtMs = new Map<string, number>();
  let isStopped = false;
  const publish = async () => {
    while (!isStopped) {
      const atMs = Date.now();
      const { id } = await shop().api.publish({ type, data: { n: publishedAtMs.size } });
      publishedAtMs.set(id, atMs);
      await sleep(20);
    }
  };
  const done = publish();
  return {
    publishedAtMs,
    stop: async () => {
      isStopped = true;
      await done;
    },
  };
}

describe("a filter", () => {
  test("that is changed is judged by from the answer on, by every dispatcher", async () => {
    const { api, receiver } = shop();
    const large = { data: { order: { amount: { $gte: 1000 } } } };
    const small = { $not: large };
    const url = receiver.partner("filtered");
    const { id } = await api.createEndpoint({ url, events: ["order.*"], filter: large });
    const wanted: string[] = [];
    for (const filter of [large, small, large, small, large, small]) {
      const changed = await api.ask("PATCH", `/endpoints/${id}`, { filter });
      expect(changed.status).toBe(200);
      const publish = (amount: number) => api.publish({ type: "order.paid", data: { order: { amount } } });
      const [first, second] = await Promise.all([publish(1000), publish(999)]);
      wanted.push(filter === large ? first.id : second.id);
    }
    await eventually(() => expect(idsOf("filtered").sort()).toEqual(wanted.toSorted()));
    // Those that were filtered out have no delivery either.
    const deliveries = await api.deliveriesOf(id);
    expect(deliveries.map(({ eventId }) => eventId).sort()).toEqual(wanted.toSorted());
  });
});

describe("a secret that is rotated again and again under load", () => {
  const overlapSeconds = 2;
  const rotations = 4;

  /** When a secret was asked for, answered with, and the next one asked for; wall clock, ms. */
  interface Phase {
    secret: string;
    answeredAtMs: number;
    nextAskedAtMs: number;
    nextAnsweredAtMs: number;
  }

  async function rotateUnderLoad(endpointId: string, first: string): Promise<Phase[]> {
    const never = Number.POSITIVE_INFINITY;
    let current: Phase = { secret: first, answeredAtMs: 0, nextAskedAtMs: never, nextAnsweredAtMs: never };
    const phases = [current];
    for (let n = 0; n < rotations; n += 1) {
      await sleep(900);
      current.nextAskedAtMs = Date.now();
      const path = `/endpoints/${endpointId}/secret/rotate`;
      const { status, body } = await shop().api.ask<EndpointSecret>("POST", path, { overlapSeconds });
      expect(status).toBe(200);
      current.nextAnsweredAtMs = Date.now();
      const answeredAtMs = current.nextAnsweredAtMs;
      current = { secret: body.secret ?? "", answeredAtMs, nextAskedAtMs: never, nextAnsweredAtMs: never };
      phases.push(current);
    }
    return phases;
  }

  test("signs every webhook under each secret that is in force then, and under none that has ended", async () => {
    const { api, receiver } = shop();
    const endpoint = await api.createEndpoint({ url: receiver.partner("rotated"), events: ["load.rotated"] });
    const load = startLoad("load.rotated");
    const phases = await rotateUnderLoad(endpoint.id, endpoint.secret);
    await sleep(overlapSeconds * 1000);
    await load.stop();
    await eventually(() => expect(new Set(idsOf("rotated"))).toEqual(new Set(load.publishedAtMs.keys())));

    const seen = { inForce: 0, ended: 0, wrong: [] as string[] };
    for (const webhook of receiver.of("rotated")) {
      // It was signed between these two.
      const stampMs = Number(webhook.headers["webhook-timestamp"]) * 1000;
      const earliestMs = Math.max(stampMs, load.publishedAtMs.get(webhook.webhookId) ?? 0);
      const latestMs = webhook.atMs;
      for (const [index, phase] of phases.entries()) {
        const isInForce = phase.answeredAtMs <= earliestMs && latestMs <= phase.nextAskedAtMs + overlapSeconds * 1000;
        const hasEnded = earliestMs > phase.nextAnsweredAtMs + overlapSeconds * 1000;
        if (!isInForce && !hasEnded) continue;
        seen[isInForce ? "inForce" : "ended"] += 1;
        if (isSignedBy(phase.secret, webhook) !== isInForce) seen.wrong.push(`${webhook.webhookId} secret ${index}`);
      }
    }
    console.log(
      `${load.publishedAtMs.size} webhooks, ${seen.inForce} in force, ${seen.ended} ended, ${rotations} rotations`,
    );
    expect(seen.wrong).toEqual([]);
    expect(seen.inForce).toBeGreaterThan(load.publishedAtMs.size);
    expect(seen.ended).toBeGreaterThan(0);
  });
});

describe("a keyring that is rotated while all runs", () => {
  const script = fileURLToPath(new URL("../../scripts/rewrap-secrets.ts", import.meta.url));
  const rewrap = async (...args: string[]) => {
    const env = { ...process.env, DATABASE_URL: shop().stack.databaseUrl, SECRET_KEYRING: `${keys.new},${keys.old}` };
    return (await promisify(execFile)(process.execPath, [script, ...args], { env })).stdout;
  };

  afterAll(() => shop().app("webhook-dispatcher", spare).stop());

  test("seals all anew without one bad signature, and the old key is needed no more", async () => {
    const { api, receiver, app, db } = shop();
    const { secret } = await api.createEndpoint({ url: receiver.partner("rewrapped"), events: ["load.rewrapped"] });
    expect(await rewrap("--status")).toMatch(/^old: \d+$/m);
    const load = startLoad("load.rewrapped");
    await eventually(() => expect(idsOf("rewrapped").length).toBeGreaterThan(10));
    expect(await rewrap()).toMatch(/^Sealed anew with the key "new": \d+$/m);
    expect(await rewrap("--status")).toMatch(/^new: \d+ \(the newest key\)\n$/);
    await app("webhook-dispatcher", spare).start();
    await app("webhook-dispatcher", spare).ready();
    await Promise.all([0, 1].map((index) => app("webhook-dispatcher", index).stop()));
    const { rows } = await db.query<{ live: number }>("SELECT count(*)::int AS live FROM dispatchers");
    expect(rows).toEqual([{ live: 1 }]);
    const before = load.publishedAtMs.size;
    await eventually(() => expect(load.publishedAtMs.size).toBeGreaterThan(before + 20));
    await load.stop();
    await eventually(() => expect(new Set(idsOf("rewrapped"))).toEqual(new Set(load.publishedAtMs.keys())), {
      timeoutMs: 20_000,
    });
    const bad = receiver.of("rewrapped").filter((webhook) => !isSignedBy(secret, webhook));
    expect(bad.map(({ webhookId }) => webhookId)).toEqual([]);
  });
});
