import { describe, expect, it } from "vitest";
import { createAgentPool } from "./agent-pool.ts";
import { agentsFor, answer, answering, loopback, post, receiver } from "./post-rig.ts";
import { createResolveHost } from "./resolve-host.ts";

describe("postWebhook, to an address that is forbidden", () => {
  it.each(["127.0.0.1", "127.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "localhost"])(
    "opens no socket to %s",
    async (host) => {
      const to = await receiver(answering(answer("200 OK")));
      const { outcome } = await post(`http://${host}:${to.port}/`, {}, agentsFor({ allowedSubnets: [] }));
      expect(outcome.kind).toBe("blocked");
      expect(to.connections()).toBe(0);
    },
  );

  it.each([
    [["127.0.0.1"]],
    [["93.184.216.34", "127.0.0.1"]],
    [["127.0.0.1", "93.184.216.34"]],
    [["2606:4700::1", "::ffff:127.0.0.1"]],
    [["93.184.216.34", "169.254.169.254"]],
    [["not an address"]],
  ])("opens no socket when the name has %j", async (addresses) => {
    const to = await receiver(answering(answer("200 OK")));
    const agents = agentsFor({ allowedSubnets: [], addresses });
    const { outcome } = await post(`http://rebound.example.com:${to.port}/`, {}, agents);
    expect(outcome).toMatchObject({ kind: "blocked", reason: expect.stringContaining("rebound.example.com") });
    expect(to.connections()).toBe(0);
  });

  it("blocks plain http outside development, users in URLs, and headers that aren't an endpoint's to set", async () => {
    const resolveHost = createResolveHost({ allowedSubnets: [] });
    const agents = createAgentPool({ allowHttp: false, allowedSubnets: loopback, resolveHost });
    const kinds = [];
    for (const [url, custom] of [
      ["http://127.0.0.1:9/", {}],
      ["https://user@127.0.0.1:9/", {}],
      ["https://127.0.0.1:9/", { "webhook-id": "forged" }],
      ["https://127.0.0.1:9/", { "x-a": "a\r\nhost: b" }],
    ] as const) {
      kinds.push((await post(url, { headers: custom }, agents)).outcome.kind);
    }
    expect(kinds).toEqual(["blocked", "blocked", "blocked", "blocked"]);
  });

  it("dials the judged address with the name kept in Host", async () => {
    const to = await receiver(answering(answer("200 OK")));
    const agents = agentsFor({ addresses: ["127.0.0.1"] });
    expect((await post(`http://hooks.example.com:${to.port}/`, {}, agents)).outcome.kind).toBe("accepted");
    expect(to.requests[0]?.head).toContain(`host: hooks.example.com:${to.port}`);
  });

  it("reaches localhost in development by the hosts file", async () => {
    const to = await receiver(answering(answer("200 OK")));
    const outcomes = new Set<string>();
    const agents = agentsFor();
    // The hosts file may have ::1 too, where nothing listens; dials take turns.
    for (let i = 0; i < 2; i++) outcomes.add((await post(`http://localhost:${to.port}/`, {}, agents)).outcome.kind);
    expect(outcomes).toContain("accepted");
  });

  it("pays no regard to proxy variables", async () => {
    const proxy = await receiver(answering(answer("200 OK", "proxied")));
    const to = await receiver(answering(answer("200 OK", "direct")));
    const before = { ...process.env };
    Object.assign(process.env, { HTTP_PROXY: proxy.url, http_proxy: proxy.url, ALL_PROXY: proxy.url, NO_PROXY: "" });
    try {
      expect((await post(to.url)).response).toBe("direct");
    } finally {
      for (const name of ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "NO_PROXY"]) {
        if (before[name] === undefined) delete process.env[name];
        else process.env[name] = before[name];
      }
    }
    expect(proxy.connections()).toBe(0);
  });

  it("tells a name that does not resolve", async () => {
    const lookUp = () => Promise.reject(Object.assign(new Error("no"), { code: "ENOTFOUND" }));
    const resolveHost = createResolveHost({ allowedSubnets: [], lookUp });
    const agents = createAgentPool({ allowHttp: false, allowedSubnets: [], resolveHost });
    const { outcome } = await post("https://nowhere.example.com/", {}, agents);
    expect(outcome).toEqual({ kind: "unreachable", cause: "dns" });
  });
});
