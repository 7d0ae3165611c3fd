import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "@postback/testkit";
import { expect, test } from "vitest";
import { checkSignatures, rotateAgainAndAgain, startLoad } from "../e2e/rig/rotating-secret.ts";
import { useShopStack } from "../e2e/rig/shop-stack.ts";

const shop = useShopStack({ apps: { "webhook-dispatcher": 2 } });
/** As long as a receiver needs to take the new secret; three sign at the most. */
const overlapSeconds = 8;
const rotations = 12;

test("a secret rotated each 5 s for a minute, with dispatchers killed: not one bad signature", async () => {
  const { api, receiver, app } = shop();
  const { id, secret } = await api.createEndpoint({ url: receiver.partner("rotated"), events: ["load.*"] });
  const load = startLoad(api, "load.rotated", 10);
  const rotating = rotateAgainAndAgain(api, { endpointId: id, secret, rotations, intervalMs: 5_000, overlapSeconds });
  for (const index of [0, 1]) {
    await sleep(15_000);
    app("webhook-dispatcher", index).kill("SIGKILL");
    await app("webhook-dispatcher", index).waitForExit();
    app("webhook-dispatcher", index).start();
    await app("webhook-dispatcher", index).ready();
  }
  const phases = await rotating;
  await sleep(overlapSeconds * 1000);
  await load.stop();
  const webhooks = () => receiver.of("rotated");
  await eventually(
    () => expect(new Set(webhooks().map(({ webhookId }) => webhookId))).toEqual(new Set(load.publishedAtMs.keys())),
    { timeoutMs: 60_000, intervalMs: 500 },
  );
  const { wrong, inForce, ended } = checkSignatures(webhooks(), load.publishedAtMs, phases, overlapSeconds);
  console.log(`${load.publishedAtMs.size} events, ${webhooks().length} webhooks, ${inForce} in force, ${ended} ended`);
  expect(wrong).toEqual([]);
  expect(inForce).toBeGreaterThan(webhooks().length);
  expect(ended).toBeGreaterThan(0);
});
