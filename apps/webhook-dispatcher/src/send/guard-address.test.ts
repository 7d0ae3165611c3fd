import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import tls from "node:tls";
import { parseSubnet, type Subnet } from "@postback/domain";
import { afterEach, describe, expect, it } from "vitest";
import { createAgentPool } from "./agent-pool.ts";
import { type AttemptResult, postWebhook } from "./post-webhook.ts";
import { createResolveHost } from "./resolve-host.ts";
import { type SelfSigned, selfSignedCertificate } from "./self-signed-certificate.ts";

const NAME = "hooks.example.com";
const allowedSubnets = [parseSubnet("127.0.0.1")].filter((subnet): subnet is Subnet => subnet !== undefined);
const systemCertificates = tls.getCACertificates("default");

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  tls.setDefaultCACertificates(systemCertificates);
  for (const close of closing.splice(0).reverse()) await close();
});

/** Posts to the port under a name that resolves to this machine. */
function post(port: number, timeoutMs = 2000): Promise<AttemptResult> {
  const resolveHost = createResolveHost({ allowedSubnets, lookUp: async () => ["127.0.0.1"] });
  const agents = createAgentPool({ allowHttp: false, allowedSubnets, resolveHost });
  closing.push(() => agents.close());
  const endpoint = { id: "e", url: `https://${NAME}:${port}/hook`, timeoutMs, concurrency: 1 };
  return postWebhook({ agents, endpoint, headers: { "webhook-id": "e1" }, body: Buffer.from("{}") });
}

async function listenOn(server: tls.Server | ReturnType<typeof createServer>): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket.on("error", () => socket.destroy())));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, "close");
  });
  return (server.address() as AddressInfo).port;
}

type TlsReceiver = { readonly port: number; readonly seen: { sni: unknown; alpn: unknown }[]; requests: number };

async function startTls({ key, cert }: SelfSigned): Promise<TlsReceiver> {
  const receiver = { port: 0, seen: [] as TlsReceiver["seen"], requests: 0 };
  const server = tls.createServer({ key, cert, ALPNProtocols: ["h2", "http/1.1"] }, (socket) => {
    receiver.seen.push({ sni: socket.servername, alpn: socket.alpnProtocol });
    socket.on("error", () => socket.destroy());
    socket.on("data", () => {
      receiver.requests++;
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    });
  });
  receiver.port = await listenOn(server);
  return receiver;
}

describe("a connection over TLS", () => {
  it("keeps the name for SNI and certificate while the judged address is dialled, and speaks HTTP/1.1", async () => {
    const certificate = selfSignedCertificate(NAME);
    tls.setDefaultCACertificates([certificate.cert]);
    const receiver = await startTls(certificate);
    expect((await post(receiver.port)).outcome).toEqual({ kind: "accepted", status: 200 });
    expect(receiver.seen).toEqual([{ sni: NAME, alpn: "http/1.1" }]);
  });

  it("sends nothing to a receiver whose certificate is for another name", async () => {
    const certificate = selfSignedCertificate("other.example.com");
    tls.setDefaultCACertificates([certificate.cert]);
    const receiver = await startTls(certificate);
    expect((await post(receiver.port)).outcome).toEqual({ kind: "unreachable", cause: "tls" });
    expect(receiver.requests).toBe(0);
  });

  it.each([
    ["has expired", { from: -7_200_000, until: -3_600_000 }],
    ["isn't valid yet", { from: 3_600_000, until: 7_200_000 }],
  ])("sends nothing to a receiver whose certificate %s", async (_what, validMs) => {
    const certificate = selfSignedCertificate(NAME, validMs);
    tls.setDefaultCACertificates([certificate.cert]);
    const receiver = await startTls(certificate);
    expect((await post(receiver.port)).outcome).toEqual({ kind: "unreachable", cause: "tls" });
    expect(receiver.requests).toBe(0);
  });

  it("sends nothing to a receiver whose certificate nobody vouches for", async () => {
    const receiver = await startTls(selfSignedCertificate(NAME));
    expect((await post(receiver.port)).outcome).toEqual({ kind: "unreachable", cause: "tls" });
    expect(receiver.requests).toBe(0);
  });

  it.each([
    ["speaks plain HTTP", (socket: Socket) => socket.end("HTTP/1.1 400 Bad\r\ncontent-length: 0\r\n\r\n")],
    ["hangs up in the handshake", (socket: Socket) => socket.destroy()],
    ["resets in the handshake", (socket: Socket) => socket.resetAndDestroy()],
  ])("tells a receiver that %s", async (_what, onHello) => {
    const server = createServer((socket) => socket.once("data", () => onHello(socket)));
    const port = await listenOn(server);
    expect((await post(port)).outcome).toEqual({ kind: "unreachable", cause: "tls" });
  });

  it("ends at the deadline when the handshake never does", async () => {
    const port = await listenOn(createServer(() => {}));
    const { outcome, durationMs } = await post(port, 100);
    expect(outcome).toEqual({ kind: "unreachable", cause: "timeout" });
    expect(durationMs).toBeLessThan(600);
  });
});
