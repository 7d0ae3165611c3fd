import { createSocket } from "node:dgram";
import { once } from "node:events";
import { isIPv6 } from "node:net";

/** What a name has: its addresses of both families, reached over aliases, each telling to be forgotten after `ttlSeconds`. */
export type Records = {
  readonly addresses: readonly string[];
  readonly aliases?: readonly string[];
  readonly ttlSeconds?: number;
};

/** Asked for each query; undefined: there is no such name. The next answer may be another one, as with rebinding. */
export type Answers = (name: string, family: 4 | 6) => Records | "silence" | undefined;

/** A DNS server for tests, over UDP. */
export type DnsServer = Disposable & {
  /** As `createLookUp` takes it. */
  readonly server: string;
  /** Names and families that were asked for, in order. */
  readonly queries: readonly { readonly name: string; readonly family: 4 | 6 }[];
};

// RFC 1035 §3.2.2, RFC 3596 §2.1.
const TYPE_A = 1;
const TYPE_CNAME = 5;
const TYPE_AAAA = 28;
const CLASS_IN = 1;
const DEFAULT_TTL_SECONDS = 60;

export async function startDns(answers: Answers): Promise<DnsServer> {
  const queries: { name: string; family: 4 | 6 }[] = [];
  const socket = createSocket("udp4");
  socket.on("message", (query, from) => {
    const { name, type } = questionOf(query);
    const family = type === TYPE_AAAA ? 6 : 4;
    queries.push({ name, family });
    const records = answers(name, family);
    if (records !== "silence") socket.send(replyTo(query, name, family, records), from.port, from.address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const server = `127.0.0.1:${socket.address().port}`;
  return { server, queries, [Symbol.dispose]: () => void socket.close() };
}

function questionOf(query: Buffer): { name: string; type: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join(".").toLowerCase(), type: query.readUInt16BE(at + 1) };
}

function replyTo(query: Buffer, name: string, family: 4 | 6, records: Records | undefined): Buffer {
  const questionEnd = query.indexOf(0, 12) + 5;
  const head = Buffer.from(query.subarray(0, questionEnd));
  const answer = records === undefined ? [] : recordsOf(name, family, records);
  // Response, recursion desired and available; name error where there is no such name (RFC 1035 §4.1.1).
  head.writeUInt16BE(records === undefined ? 0x8183 : 0x8180, 2);
  head.writeUInt16BE(answer.length, 6);
  head.writeUInt32BE(0, 8);
  return Buffer.concat([head, ...answer]);
}

/** The chain of aliases, and the addresses of its last name. */
function recordsOf(name: string, family: 4 | 6, { addresses, aliases = [], ttlSeconds }: Records): Buffer[] {
  const ttl = ttlSeconds ?? DEFAULT_TTL_SECONDS;
  const owners = [name, ...aliases];
  const chain = aliases.map((alias, i) => record(owners[i] ?? name, TYPE_CNAME, ttl, nameBytes(alias)));
  const ofFamily = addresses.filter((address) => isIPv6(address) === (family === 6));
  const type = family === 6 ? TYPE_AAAA : TYPE_A;
  return [...chain, ...ofFamily.map((address) => record(owners.at(-1) ?? name, type, ttl, addressBytes(address)))];
}

function record(owner: string, type: number, ttlSeconds: number, data: Buffer): Buffer {
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(type, 0);
  fixed.writeUInt16BE(CLASS_IN, 2);
  fixed.writeUInt32BE(ttlSeconds, 4);
  fixed.writeUInt16BE(data.length, 8);
  return Buffer.concat([nameBytes(owner), fixed, data]);
}

const nameBytes = (name: string): Buffer =>
  Buffer.concat([
    ...name.split(".").map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`)),
    Buffer.alloc(1),
  ]);

/** By the URL parser, which writes an IPv6 address out as its groups in hexadecimal. */
function addressBytes(address: string): Buffer {
  if (!isIPv6(address)) return Buffer.from(address.split(".").map(Number));
  const [head = "", tail] = (URL.parse(`http://[${address}]/`)?.hostname.slice(1, -1) ?? "").split("::");
  const [front, back] = [head, tail ?? ""].map((side) => side.split(":").filter((group) => group !== ""));
  const missing = 8 - (front?.length ?? 0) - (back?.length ?? 0);
  const groups = [...(front ?? []), ...Array<string>(missing).fill("0"), ...(back ?? [])];
  return Buffer.from(groups.map((group) => group.padStart(4, "0")).join(""), "hex");
}
