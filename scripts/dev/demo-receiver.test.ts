import { Webhook } from "standardwebhooks";
import { expect, onTestFinished, test } from "vitest";
import { startDemoReceiver } from "./demo-receiver.ts";

const secret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const body = JSON.stringify({ type: "order.placed", timestamp: "2026-11-24T00:00:00Z", data: { note: "<b>" } });

async function start(wantedPort?: number) {
  const receiver = await startDemoReceiver(wantedPort);
  onTestFinished(() => receiver[Symbol.asyncDispose]());
  receiver.secret = secret;
  return receiver;
}

function signed(id: string, content = body): Record<string, string> {
  const at = new Date();
  const signature = new Webhook(secret).sign(id, at, content);
  return {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
    "webhook-signature": signature,
  };
}

const post = (url: string, headers: Record<string, string>, content: string) =>
  fetch(url, { method: "POST", headers, body: content });

test("a webhook that is signed rightly is accepted, remembered and shown", async () => {
  const receiver = await start();
  expect((await post(receiver.url, signed("evt-1"), body)).status).toBe(204);
  const webhook = await receiver.waitFor(({ headers }) => headers["webhook-id"] === "evt-1", 1_000);
  expect(webhook).toMatchObject({ body });
  expect(webhook?.whyUnverified).toBeUndefined();
  const page = await (await fetch(receiver.pageUrl)).text();
  expect(page).toContain("✓ verified");
  expect(page).toContain("&lt;b&gt;");
  expect(page).not.toContain("<b>");
});

test("a webhook whose body was changed on the way is refused, and shown as such", async () => {
  const receiver = await start();
  expect((await post(receiver.url, signed("evt-1"), body.replace("placed", "faked"))).status).toBe(401);
  expect(receiver.received[0]?.whyUnverified).toMatch(/signature/i);
  expect(await (await fetch(receiver.pageUrl)).text()).toContain("✗ not verified");
});

test("of many the last 100 are remembered, the newest first", async () => {
  const receiver = await start();
  for (let number = 1; number <= 102; number += 1) await post(receiver.url, signed(`evt-${number}`), body);
  expect(receiver.received).toHaveLength(100);
  expect(receiver.received.at(0)?.headers["webhook-id"]).toBe("evt-102");
  expect(receiver.received.at(-1)?.headers["webhook-id"]).toBe("evt-3");
});

test("when the port of the start before is taken, another one is", async () => {
  const first = await start();
  const second = await start(first.port);
  expect(second.port).not.toBe(first.port);
});

test("waiting for what doesn't come ends", async () => {
  expect(await (await start()).waitFor(() => true, 20)).toBeUndefined();
});
