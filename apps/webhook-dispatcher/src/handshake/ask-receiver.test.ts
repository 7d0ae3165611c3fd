import type { DueHandshake } from "@postback/database";
import { describe, expect, it } from "vitest";
import { agentsFor, answer, answering, receiver } from "../send/post-rig.ts";
import { askReceiver } from "./ask-receiver.ts";

const origin = "webhooks.example.com";
const allowed = `WebHook-Allowed-Origin: ${origin}`;
const due = (url: string, given: Partial<DueHandshake> = {}): DueHandshake => ({
  tenantId: "t",
  endpointId: "e",
  url,
  headers: null,
  ratePerSecond: null,
  attempt: 1,
  ...given,
});

describe("askReceiver", () => {
  it("sends OPTIONS to the very URL, with the endpoint's headers, its rate, and no body", async () => {
    const to = await receiver(answering(answer("200 OK", "", allowed, "WebHook-Allowed-Rate: 120")));
    const asked = due(`${to.url}?a=b`, { headers: { "x-team": "blue" }, ratePerSecond: 10 });
    expect(await askReceiver(agentsFor(), asked, origin)).toEqual({ given: true, ratePerSecond: 2 });
    const [request] = to.requests;
    expect(request?.head.split("\r\n")[0]).toBe("OPTIONS /hook?a=b HTTP/1.1");
    expect(request?.head).toMatch(/^webhook-request-origin: webhooks\.example\.com$/m);
    expect(request?.head).toMatch(/^webhook-request-rate: 600$/m);
    expect(request?.head).toMatch(/^x-team: blue$/m);
    expect(request?.body).toBe("");
  });

  it.each(["200 OK", "204 No Content", "404 Not Found", "500 X"])(
    "goes by the header, whatever the status: %s",
    async (status) => {
      const lines = status.startsWith("204") ? `HTTP/1.1 ${status}\r\n${allowed}\r\n\r\n` : answer(status, "", allowed);
      const agreeing = await receiver(answering(lines));
      expect(await askReceiver(agentsFor(), due(agreeing.url), origin)).toEqual({ given: true, ratePerSecond: null });
      const silent = await receiver(answering(answer("200 OK", "welcome", "Allow: POST")));
      expect(await askReceiver(agentsFor(), due(silent.url), origin)).toMatchObject({ given: false });
    },
  );

  it("takes a redirect for no consent, and doesn't follow it", async () => {
    const elsewhere = await receiver(answering(answer("200 OK", "", allowed)));
    const to = await receiver(answering(answer("302 Found", "", `location: ${elsewhere.url}`)));
    expect(await askReceiver(agentsFor(), due(to.url), origin)).toMatchObject({ given: false });
    expect(elsewhere.connections()).toBe(0);
  });

  it.each([
    ["resets", (socket: { resetAndDestroy(): void }) => socket.resetAndDestroy(), "unreachable: reset"],
    ["says no HTTP", (socket: { write(text: string): void }) => socket.write("SSH-2.0\r\n"), "unreachable: protocol"],
  ])("tells why a receiver that %s did not agree", async (_what, script, reason) => {
    const to = await receiver(script);
    expect(await askReceiver(agentsFor(), due(to.url), origin)).toEqual({ given: false, reason });
  });

  it("opens no socket to an address that is forbidden", async () => {
    const to = await receiver(answering(answer("200 OK", "", allowed)));
    const agents = agentsFor({ allowedSubnets: [] });
    expect(await askReceiver(agents, due(to.url), origin)).toEqual({
      given: false,
      reason: expect.stringMatching(/^blocked: 127\.0\.0\.1/),
    });
    expect(to.connections()).toBe(0);
  });
});
