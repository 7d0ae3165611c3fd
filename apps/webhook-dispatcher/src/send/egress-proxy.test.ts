import { once } from "node:events";
import { createServer } from "node:net";
import tls from "node:tls";
import { readConfig } from "@postback/runtime";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { configDefinition } from "../config.ts";
import { createAgentPool } from "./agent-pool.ts";
import { type ConnectProxy, type ProxyScript, startConnectProxy } from "./connect-proxy-rig.ts";
import { type EgressProxy, parseEgressProxy } from "./egress-proxy.ts";
import { openTunnelThrough } from "./open-tunnel.ts";
import { answer, answering, loopback, post, receiver } from "./post-rig.ts";
import { createResolveHost } from "./resolve-host.ts";
import { type SelfSigned, selfSignedCertificate } from "./self-signed-certificate.ts";

const PUBLIC = "93.184.216.34";
const NAME = "hooks.example.com";
const systemCertificates = tls.getCACertificates("default");
afterEach(() => tls.setDefaultCACertificates(systemCertificates));

type Setup = { proxy: EgressProxy; addresses?: readonly string[]; failures?: string[] };

function agentsThrough({ proxy, addresses = [PUBLIC], failures = [] }: Setup) {
  const resolveHost = createResolveHost({ allowedSubnets: [], lookUp: async () => addresses });
  const open = openTunnelThrough(proxy, (reason) => failures.push(reason));
  const agents = createAgentPool({ allowHttp: true, allowedSubnets: [], resolveHost, open });
  onTestFinished(() => agents.close());
  return agents;
}

async function startProxy(script?: ProxyScript): Promise<ConnectProxy & { settings: EgressProxy }> {
  const proxy = await startConnectProxy(script);
  onTestFinished(() => proxy[Symbol.asyncDispose]());
  return { ...proxy, settings: { host: "127.0.0.1", port: proxy.port, authorization: undefined } };
}

async function startTls({ key, cert }: SelfSigned): Promise<{ port: number; names: unknown[] }> {
  const names: unknown[] = [];
  const server = tls.createServer({ key, cert }, (socket) => {
    names.push(socket.servername);
    socket.on("error", () => socket.destroy());
    socket.on("data", () => socket.write(answer("200 OK", "secured")));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const address = server.address();
  return { port: typeof address === "object" ? (address?.port ?? 0) : 0, names };
}

describe("parseEgressProxy", () => {
  it("reads host, port and percent-encoded credentials", () => {
    expect(parseEgressProxy("http://us%40er:p%3Ass@proxy.example.com:3128")).toEqual({
      host: "proxy.example.com",
      port: 3128,
      authorization: `Basic ${Buffer.from("us@er:p:ss").toString("base64")}`,
    });
    expect(parseEgressProxy("http://10.0.0.1/")).toEqual({ host: "10.0.0.1", port: 80, authorization: undefined });
    expect(parseEgressProxy("http://[fd00::1]:3128")).toMatchObject({ host: "fd00::1", port: 3128 });
  });

  it.each([
    "proxy.example.com:3128",
    "https://proxy.example.com:3128",
    "socks5://proxy.example.com:1080",
    "http://proxy.example.com:3128/path",
    "http://proxy.example.com:3128?x=1",
    "http://proxy.example.com:0",
    "http://a%3Ab:c@proxy.example.com",
    "http://a:%@proxy.example.com",
    "",
  ])("refuses %j", (text) => {
    expect(parseEgressProxy(text)).toBeUndefined();
  });

  it("is refused at the start without its password being told", () => {
    const start = () => readConfig(configDefinition, { EGRESS_PROXY: "https://user:sesame@proxy.example.com:3128" });
    expect(start).toThrow(/EGRESS_PROXY: is no proxy like/);
    expect(start).not.toThrow(/sesame/);
  });
});

describe("postWebhook through an egress proxy", () => {
  it("asks for a tunnel to the judged address, and speaks TLS in it under the receiver's name", async () => {
    const certificate = selfSignedCertificate(NAME);
    tls.setDefaultCACertificates([certificate.cert]);
    const to = await startTls(certificate);
    const proxy = await startProxy();
    const authorization = "Basic dXNlcjpwYXNz";
    const agents = agentsThrough({ proxy: { ...proxy.settings, authorization } });
    const target = `${PUBLIC}:${to.port}`;
    for (let i = 0; i < 2; i++) {
      const sent = await post(`https://${NAME}:${to.port}/hook`, { concurrency: 1 }, agents);
      expect(sent).toMatchObject({ outcome: { kind: "accepted", status: 200 }, response: "secured" });
    }
    // One tunnel carries both, and nothing in it but TLS: a handshake record comes first.
    expect(proxy.asked).toEqual([{ method: "CONNECT", target, host: target, authorization }]);
    expect(proxy.tunnelled.map((bytes) => bytes[0])).toEqual([0x16]);
    expect(to.names).toEqual([NAME]);
  });

  it("takes a tunnel for http too, and sends the receiver nothing of the proxy's", async () => {
    const to = await receiver(answering(answer("200 OK", "plain")));
    const proxy = await startProxy();
    const agents = agentsThrough({ proxy: { ...proxy.settings, authorization: "Basic c2VjcmV0" } });
    expect((await post(`http://${NAME}:${to.port}/hook`, {}, agents)).response).toBe("plain");
    expect(proxy.asked.map(({ method, target }) => [method, target])).toEqual([["CONNECT", `${PUBLIC}:${to.port}`]]);
    expect(to.requests[0]?.head).toContain(`host: ${NAME}:${to.port}`);
    expect(to.requests[0]?.head).not.toMatch(/proxy|c2VjcmV0/i);
  });

  it("writes an IPv6 address in brackets", async () => {
    const to = await receiver(answering(answer("200 OK")));
    const proxy = await startProxy();
    const agents = agentsThrough({ proxy: proxy.settings, addresses: ["2606:4700::1"] });
    expect((await post(`http://${NAME}:${to.port}/`, {}, agents)).outcome.kind).toBe("accepted");
    expect(proxy.asked[0]?.target).toBe(`[2606:4700::1]:${to.port}`);
  });

  it("shares no tunnel between endpoints", async () => {
    const to = await receiver(answering(answer("200 OK")));
    const proxy = await startProxy();
    const agents = agentsThrough({ proxy: proxy.settings });
    for (const id of ["a", "b", "a"]) await post(`http://${NAME}:${to.port}/`, { id }, agents);
    expect(proxy.asked).toHaveLength(2);
  });

  it("asks the proxy for nothing that is forbidden", async () => {
    const proxy = await startProxy();
    for (const addresses of [["127.0.0.1"], [PUBLIC, "10.0.0.1"], ["::ffff:127.0.0.1"]]) {
      const { outcome } = await post(`https://${NAME}/`, {}, agentsThrough({ proxy: proxy.settings, addresses }));
      expect(outcome.kind).toBe("blocked");
    }
    const literal = await post("https://127.0.0.1/", {}, agentsThrough({ proxy: proxy.settings }));
    expect(literal.outcome.kind).toBe("blocked");
    expect(proxy.asked).toEqual([]);
  });

  it("never goes straight when the proxy is away", async () => {
    const to = await receiver(answering(answer("200 OK")));
    const away = createServer().listen(0, "127.0.0.1");
    await once(away, "listening");
    const address = away.address();
    const port = typeof address === "object" ? (address?.port ?? 0) : 0;
    away.close();
    const failures: string[] = [];
    const proxy = { host: "127.0.0.1", port, authorization: "Basic c2VjcmV0" };
    const { outcome } = await post(`http://${NAME}:${to.port}/`, {}, agentsThrough({ proxy, failures }));
    expect(outcome).toEqual({ kind: "unreachable", cause: "proxy" });
    expect(failures).toEqual([expect.stringContaining("ECONNREFUSED")]);
    expect(to.connections()).toBe(0);
  });

  it.each([
    ["407", "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "proxy"],
    ["403", "HTTP/1.1 403 Forbidden\r\n\r\n", "proxy"],
    ["302", "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1/\r\n\r\n", "proxy"],
    ["garbage", "SSH-2.0-OpenSSH_9.9\r\n\r\n", "proxy"],
    ["headers without end", `HTTP/1.1 200 OK\r\n${"x-a: b\r\n".repeat(5000)}`, "proxy"],
    ["bytes before the tunnel's first", "HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "proxy"],
    ["502", "HTTP/1.1 502 Bad Gateway\r\n\r\n", "connect"],
    ["503", "HTTP/1.0 503 Unavailable\r\n\r\n", "connect"],
    ["504", "HTTP/1.1 504 Gateway Timeout\r\n\r\n", "connect"],
  ])("tells a proxy that answers %s", async (_what, bytes, cause) => {
    const failures: string[] = [];
    const proxy = await startProxy((socket) => socket.write(bytes));
    const authorization = "Basic c2VjcmV0";
    const agents = agentsThrough({ proxy: { ...proxy.settings, authorization }, failures });
    const { outcome } = await post(`https://${NAME}/`, {}, agents);
    expect(outcome).toEqual({ kind: "unreachable", cause });
    expect(failures).toHaveLength(cause === "proxy" ? 1 : 0);
    expect(failures.join()).not.toContain("c2VjcmV0");
  });

  it("tells a proxy that hangs up, and one that never answers by the attempt's deadline", async () => {
    const gone = await startProxy((socket) => socket.destroy());
    const { outcome } = await post(`https://${NAME}/`, {}, agentsThrough({ proxy: gone.settings }));
    expect(outcome).toEqual({ kind: "unreachable", cause: "proxy" });
    const mute = await startProxy(() => {});
    const slow = await post(`https://${NAME}/`, { timeoutMs: 100 }, agentsThrough({ proxy: mute.settings }));
    expect(slow.outcome).toEqual({ kind: "unreachable", cause: "timeout" });
    await mute[Symbol.asyncDispose]();
  });

  it("sends nothing through a tunnel whose end has a certificate for another name", async () => {
    const certificate = selfSignedCertificate("other.example.com");
    tls.setDefaultCACertificates([certificate.cert]);
    const to = await startTls(certificate);
    const proxy = await startProxy();
    const { outcome } = await post(`https://${NAME}:${to.port}/`, {}, agentsThrough({ proxy: proxy.settings }));
    expect(outcome).toEqual({ kind: "unreachable", cause: "tls" });
  });

  it("judges an operator's own subnets as without a proxy", async () => {
    const to = await receiver(answering(answer("200 OK")));
    const proxy = await startProxy();
    const resolveHost = createResolveHost({ allowedSubnets: loopback });
    const open = openTunnelThrough(proxy.settings, () => {});
    const agents = createAgentPool({ allowHttp: true, allowedSubnets: loopback, resolveHost, open });
    onTestFinished(() => agents.close());
    expect((await post(to.url, {}, agents)).outcome.kind).toBe("accepted");
    expect(proxy.asked[0]?.target).toBe(`127.0.0.1:${to.port}`);
  });
});
