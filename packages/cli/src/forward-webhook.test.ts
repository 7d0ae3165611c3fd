import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { forwardWebhook } from "./forward-webhook.ts";

async function receiver(status: number, headers: Record<string, string> = {}) {
  const seen: { headers: NodeJS.Dict<string | string[]>; body: Buffer }[] = [];
  const server = createServer(async (request, response) => {
    seen.push({ headers: request.headers, body: await buffer(request) });
    response.writeHead(status, headers).end("said");
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { seen, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks` };
}

const webhook = {
  headers: { "webhook-id": "1", "webhook-signature": "v1,abc", "content-type": "application/json" },
  body: '{"name": "Ölaf  \\u00e9", "data": 1.0}',
};

test("posts the very bytes and headers, once, and gives the answer back", async () => {
  const { seen, url } = await receiver(500);
  expect(await forwardWebhook(url, webhook)).toEqual({ status: 500, body: "said" });
  expect(seen).toHaveLength(1);
  expect(seen[0]?.body.toString("utf8")).toBe(webhook.body);
  expect(seen[0]?.headers).toMatchObject(webhook.headers);
});

test("a redirect is an answer, as it is for dispatchers", async () => {
  const { seen, url } = await receiver(302, { location: "/elsewhere" });
  expect(await forwardWebhook(url, webhook)).toMatchObject({ status: 302 });
  expect(seen).toHaveLength(1);
});

test("where nobody listens, the attempt says so", async () => {
  expect(await forwardWebhook("http://127.0.0.1:1/hooks", webhook)).toEqual({
    status: 502,
    body: expect.stringContaining("http://127.0.0.1:1/hooks did not answer: ECONNREFUSED"),
  });
});
