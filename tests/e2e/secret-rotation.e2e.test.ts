import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { eventually } from "@postback/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkSignatures, isSignedBy, rotateAgainAndAgain, startLoad } from "./rig/rotating-secret.ts";
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

/** An event has its row when it was decided who is told of it, also when that is nobody. */
const untilRecorded = (eventIds: readonly string[]) =>
  eventually(async () => {
    const { rows } = await shop().db.query("SELECT FROM events WHERE id = ANY($1)", [eventIds]);
    expect(rows).toHaveLength(eventIds.length);
  });

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
      // Both have been judged: what is still on its way may be judged by the next change.
      await untilRecorded([first.id, second.id]);
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

  test("signs every webhook under each secret that is in force then, and under none that has ended", async () => {
    const { api, receiver } = shop();
    const { id, secret } = await api.createEndpoint({ url: receiver.partner("rotated"), events: ["load.rotated"] });
    const load = startLoad(api, "load.rotated", 20);
    const how = { endpointId: id, secret, rotations, intervalMs: 900, overlapSeconds };
    const phases = await rotateAgainAndAgain(api, how);
    await sleep(overlapSeconds * 1000);
    await load.stop();
    await eventually(() => expect(new Set(idsOf("rotated"))).toEqual(new Set(load.publishedAtMs.keys())));
    const ledger = checkSignatures(receiver.of("rotated"), load.publishedAtMs, phases, overlapSeconds);
    expect(ledger.wrong).toEqual([]);
    expect(ledger.inForce).toBeGreaterThan(load.publishedAtMs.size);
    expect(ledger.ended).toBeGreaterThan(0);
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
    const load = startLoad(api, "load.rewrapped", 20);
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
