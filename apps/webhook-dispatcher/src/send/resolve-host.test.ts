import { createSocket } from "node:dgram";
import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createLookUp } from "./look-up-addresses.ts";
import { createResolveHost } from "./resolve-host.ts";

const PUBLIC = "93.184.216.34";

describe("createResolveHost", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"] }));
  afterEach(() => void vi.useRealTimers());

  it("asks once for a name while the answer is fresh, also for calls at the same time, and again later", async () => {
    const lookUp = vi.fn(async () => [PUBLIC]);
    const resolveHost = createResolveHost({ allowedSubnets: [], lookUp });
    await Promise.all([resolveHost("a.example"), resolveHost("a.example")]);
    vi.advanceTimersByTime(29_000);
    expect(await resolveHost("a.example")).toEqual({ kind: "addresses", addresses: [PUBLIC] });
    expect(lookUp).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(2000);
    await resolveHost("a.example");
    expect(lookUp).toHaveBeenCalledTimes(2);
  });

  it("remembers a failure for a short time only", async () => {
    const lookUp = vi
      .fn()
      .mockRejectedValueOnce(Object.assign(new Error(), { code: "ESERVFAIL" }))
      .mockResolvedValue([PUBLIC]);
    const resolveHost = createResolveHost({ allowedSubnets: [], lookUp });
    expect(await resolveHost("a.example")).toEqual({ kind: "unresolved", code: "ESERVFAIL" });
    vi.advanceTimersByTime(4000);
    expect((await resolveHost("a.example")).kind).toBe("unresolved");
    vi.advanceTimersByTime(2000);
    expect((await resolveHost("a.example")).kind).toBe("addresses");
  });

  it("judges anew what a name was rebound to", async () => {
    const lookUp = vi.fn().mockResolvedValueOnce([PUBLIC]).mockResolvedValue(["10.0.0.1"]);
    const resolveHost = createResolveHost({ allowedSubnets: [], lookUp });
    expect((await resolveHost("a.example")).kind).toBe("addresses");
    vi.advanceTimersByTime(31_000);
    expect((await resolveHost("a.example")).kind).toBe("blocked");
  });

  it("takes a name without addresses for unresolved", async () => {
    const resolveHost = createResolveHost({ allowedSubnets: [], lookUp: async () => [] });
    expect(await resolveHost("a.example")).toEqual({ kind: "unresolved", code: "ENODATA" });
  });
});

/** A DNS server that answers A queries with one address, and AAAA queries with nothing, or never. */
async function startDns(answers: Readonly<Record<string, string>>, { silentOnIpv6 = false } = {}) {
  const socket = createSocket("udp4");
  socket.on("message", (query, from) => {
    const [name, type] = questionOf(query);
    if (type === 28 && silentOnIpv6) return;
    const address = type === 1 ? answers[name] : undefined;
    socket.send(replyTo(query, answers[name] === undefined, address), from.port, from.address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return { server: `127.0.0.1:${socket.address().port}`, [Symbol.dispose]: () => void socket.close() };
}

function questionOf(query: Buffer): [name: string, type: number] {
  const labels: string[] = [];
  let at = 12;
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  return [labels.join(".").toLowerCase(), query.readUInt16BE(at + 1)];
}

function replyTo(query: Buffer, unknown: boolean, address: string | undefined): Buffer {
  const questionEnd = query.indexOf(0, 12) + 5;
  const head = Buffer.from(query.subarray(0, questionEnd));
  head.writeUInt16BE(unknown ? 0x8183 : 0x8180, 2);
  head.writeUInt16BE(address ? 1 : 0, 6);
  head.writeUInt32BE(0, 8);
  if (!address) return head;
  const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...address.split(".").map(Number)]);
  return Buffer.concat([head, record]);
}

describe("createLookUp", () => {
  it("finds what a DNS server has, and tells a name that it doesn't have", async () => {
    using dns = await startDns({ "hooks.example.com": PUBLIC });
    const lookUp = createLookUp([dns.server]);
    expect(await lookUp("hooks.example.com")).toEqual([PUBLIC]);
    await expect(lookUp("other.example.com")).rejects.toMatchObject({ code: "ENOTFOUND" });
  });

  it("gives the IPv4 addresses of a server that never answers for IPv6, within the time for DNS", async () => {
    using dns = await startDns({ "hooks.example.com": PUBLIC }, { silentOnIpv6: true });
    const startMs = performance.now();
    expect(await createLookUp([dns.server])("hooks.example.com")).toEqual([PUBLIC]);
    expect(performance.now() - startMs).toBeLessThan(3500);
  });

  it("reads localhost from the hosts file", async () => {
    expect(await createLookUp(["127.0.0.1:1"])("localhost")).toContain("127.0.0.1");
  });
});
