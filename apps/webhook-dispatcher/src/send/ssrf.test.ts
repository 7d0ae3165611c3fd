import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { parseSubnet, type Subnet } from "@postback/domain";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { createAgentPool } from "./agent-pool.ts";
import { type Answers, type Records, startDns } from "./dns-rig.ts";
import { createLookUp } from "./look-up-addresses.ts";
import { post } from "./post-rig.ts";
import { createResolveHost } from "./resolve-host.ts";
import { type SocketWatch, watchSockets } from "./socket-watch-rig.ts";

/**
 * Stands for a public address: an operator allowed this one and no other, so all that is forbidden elsewhere, the rest
 * of loopback too, is forbidden here, and nothing leaves the machine.
 */
const PUBLIC = "127.0.0.2";
const allowedSubnets = [parseSubnet(PUBLIC)].filter((subnet): subnet is Subnet => subnet !== undefined);
const NAME = "hooks.example.com";

/** Listens at all addresses of this machine: whatever reaches it on another than {@link PUBLIC} has got past the guard. */
let server: Server;
let port: number;
const reached: (string | undefined)[] = [];
let watch: SocketWatch;

beforeAll(async () => {
  server = createServer((socket) => {
    reached.push(socket.localAddress?.replace(/^::ffff:/, ""));
    socket.on("error", () => socket.destroy());
    socket.on("data", () => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"));
  });
  server.listen(0, "::");
  await once(server, "listening");
  const address = server.address();
  port = typeof address === "object" ? (address?.port ?? 0) : 0;
  watch = watchSockets();
});
afterAll(async () => {
  watch[Symbol.dispose]();
  server.close();
  await once(server, "close");
});

/** A sender as the dispatcher has it, whose names are looked up at that DNS server. */
async function senderWith(answers: Answers) {
  const dns = await startDns(answers);
  const resolveHost = createResolveHost({ allowedSubnets, lookUp: createLookUp([dns.server]) });
  const agents = createAgentPool({ allowHttp: true, allowedSubnets, resolveHost });
  onTestFinished(async () => {
    await agents.close();
    dns[Symbol.dispose]();
  });
  return { agents, dns };
}

/** Posts over both schemes; gives the kinds of outcome and what was dialled meanwhile. */
async function attempt(host: string, answers: Answers) {
  const { agents } = await senderWith(answers);
  const from = watch.attempts.length;
  const kinds = [];
  for (const scheme of ["http", "https"]) {
    const { outcome } = await post(`${scheme}://${host}:${port}/hook`, { id: scheme, timeoutMs: 5000 }, agents);
    kinds.push(outcome.kind);
  }
  return { kinds, dialled: watch.attempts.slice(from).map(({ address }) => address) };
}

const unasked: Answers = () => undefined;
const always =
  (records: Records): Answers =>
  () =>
    records;

/** How a URL can spell an address that is forbidden. */
const LITERALS = [
  ...["127.0.0.1", "127.1", "127.0.1", "2130706433", "017700000001", "0x7f000001", "0x7f.1", "0x7f.0x0.0x0.0x1"],
  ...["0177.0.0.1", "127.0.0.1.", "0", "0.0.0.0", "0x0", "１２７.0.0.1", "①②⑦.⓪.⓪.①", "127。0。0。1"],
  ...["127%2e0%2e0%2e1", "%31%32%37.0.0.1", "10.0.0.1", "10.1", "167772161", "172.16.0.1", "192.168.0.1"],
  ...["192.168.257", "3232235521", "169.254.169.254", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376"],
  ...["169.254.43518", "100.100.100.200", "168.63.129.16", "192.0.0.192", "198.18.0.1", "224.0.0.1"],
  ...["255.255.255.255", "4294967295", "127.0.0.3", "[::]", "[::1]", "[0:0:0:0:0:0:0:1]", "[0000::0001]"],
  ...["[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:127.0.0.2]", "[::7f00:1]", "[::127.0.0.1]"],
  ...["[::ffff:0:127.0.0.1]", "[64:ff9b::127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]"],
  ...["[2001:0:7f00:1::]", "[fe80::1]", "[fc00::1]", "[fd00:ec2::254]", "[fec0::1]", "[ff02::1]", "[2001:db8::1]"],
  ...["[3fff::1]", "[100::1]", "[5f00::1]", "localhost", "LOCALHOST", "local%68ost", "localhost.", "a.localhost"],
  ...["printer.local", "metadata.google.internal", "kubernetes.default.svc", "api.prod.svc.cluster.local", "postgres"],
  ...["user@127.0.0.2", "127.0.0.2@127.0.0.1", "127.0.0.2%00.example.com", "127.0.0.2\\@127.0.0.1"],
];

/** First and last of what is forbidden, and every form of IPv6 that carries an IPv4 address. */
const FORBIDDEN_IPV4 = [
  ...["0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255", "127.0.0.0"],
  ...["127.0.0.1", "127.255.255.255", "169.254.0.0", "169.254.169.254", "169.254.255.255", "172.16.0.0"],
  ...["172.31.255.255", "192.0.0.0", "192.0.0.255", "192.0.2.1", "192.88.99.1", "192.168.0.0", "192.168.255.255"],
  ...["198.18.0.0", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.0", "239.255.255.255", "240.0.0.0"],
  ...["255.255.255.255", "168.63.129.16", "127.0.0.3"],
];
const FORBIDDEN_IPV6 = [
  ...["::", "::1", "::ffff:127.0.0.1", "::ffff:127.0.0.2", "::ffff:10.0.0.1", "::ffff:169.254.169.254"],
  ...["::ffff:8.8.8.8", "::127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b::127.0.0.1", "64:ff9b:1::7f00:1", "100::1"],
  ...["2001::1", "2001:10::1", "2001:20::1", "2001:1ff:ffff::1", "2001:db8::1", "2002:7f00:1::", "2002:a00:1::1"],
  ...["3fff::1", "4000::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "ff0e::1"],
];
const ALIASES = ["cdn.example.net", "edge.example.org"];

/** Ways in which a name can have a forbidden address. */
const WAYS: readonly [string, (address: string) => Records][] = [
  ["alone", (address) => ({ addresses: [address] })],
  ["behind an allowed one, for no time", (address) => ({ addresses: [PUBLIC, address], ttlSeconds: 0 })],
  ["before an allowed one", (address) => ({ addresses: [address, PUBLIC] })],
  ["over a chain of aliases", (address) => ({ addresses: [PUBLIC, address], aliases: ALIASES })],
];
const CASES = WAYS.flatMap(([way, make]) =>
  [...FORBIDDEN_IPV4, ...FORBIDDEN_IPV6].map((address) => [address, way, make(address)] as const),
);

describe("no socket is opened", () => {
  it.each(LITERALS)("to a URL with the host %s", async (host) => {
    expect(await attempt(host, unasked)).toEqual({ kinds: ["blocked", "blocked"], dialled: [] });
  });

  it.each(CASES)("to a name that has %s %s", async (_address, _way, records) => {
    expect(await attempt(NAME, always(records))).toEqual({ kinds: ["blocked", "blocked"], dialled: [] });
  });

  it("in any of them: there are more than 200", () => {
    expect(LITERALS.length + CASES.length).toBeGreaterThanOrEqual(200);
    expect(reached).toEqual([]);
  });
});

describe("a name that is rebound", () => {
  /** Answers each query with the next address; IPv6 has none. */
  const inTurn = (...addresses: string[]): Answers => {
    let asked = 0;
    return (_name, family) => {
      if (family === 6) return { addresses: [] };
      return { addresses: [addresses[asked++ % addresses.length] ?? PUBLIC], ttlSeconds: 0 };
    };
  };

  it("is dialled where it is allowed: the watch sees it", async () => {
    const seen = await attempt(NAME, always({ addresses: [PUBLIC], aliases: ALIASES }));
    expect(seen.dialled).toEqual([PUBLIC, PUBLIC]);
    expect(reached.at(-1)).toBe(PUBLIC);
  });

  it.each(["127.0.0.1", "127.0.0.3", "10.0.0.1", "169.254.169.254"])(
    "from an allowed address to %s between judging and dialling reaches the judged one",
    async (forbidden) => {
      const { agents, dns } = await senderWith(inTurn(PUBLIC, forbidden));
      const from = watch.attempts.length;
      const { outcome } = await post(`http://${NAME}:${port}/`, {}, agents);
      expect(outcome).toEqual({ kind: "accepted", status: 200 });
      expect(watch.attempts.slice(from).map(({ address }) => address)).toEqual([PUBLIC]);
      // Whoever asks a second time is told the forbidden one: nobody did.
      expect(dns.queries.filter(({ family }) => family === 4)).toHaveLength(1);
    },
  );

  it("back and forth between attempts is dialled at the allowed address alone", async () => {
    const answers = inTurn(PUBLIC, "127.0.0.1", "127.0.0.3", PUBLIC, "10.0.0.1");
    const from = watch.attempts.length;
    const kinds: string[] = [];
    for (let i = 0; i < 20; i++) {
      // A sender of its own each time, which remembers no answer.
      const { agents } = await senderWith(answers);
      kinds.push((await post(`http://${NAME}:${port}/`, {}, agents)).outcome.kind);
    }
    const round = ["accepted", "blocked", "blocked", "accepted", "blocked"];
    expect(kinds).toEqual([...round, ...round, ...round, ...round]);
    expect(new Set(watch.attempts.slice(from).map(({ address }) => address))).toEqual(new Set([PUBLIC]));
  });

  it("reaches nothing but the allowed address, all told", () => {
    expect(new Set(reached)).toEqual(new Set([PUBLIC]));
  });
});
