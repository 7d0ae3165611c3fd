import { type IpBytes, isInSubnet, parseIp, parseSubnet, type Subnet } from "./ip-address.ts";

export { parseSubnet, type Subnet } from "./ip-address.ts";

export type AddressVerdict = { readonly allowed: true } | { readonly allowed: false; readonly reason: string };

const ALLOWED: AddressVerdict = { allowed: true };

/** IANA's special-purpose registry for IPv4 (RFC 6890), and what clouds put on public addresses. */
const FORBIDDEN_IPV4 = table([
  ["0.0.0.0/8", "this network"],
  ["10.0.0.0/8", "private"],
  ["100.64.0.0/10", "shared, carrier-grade NAT"],
  ["127.0.0.0/8", "loopback"],
  ["169.254.0.0/16", "link-local, metadata of clouds"],
  ["172.16.0.0/12", "private"],
  ["192.0.0.0/24", "protocol assignments"],
  ["192.0.2.0/24", "documentation"],
  ["192.88.99.0/24", "6to4 relay"],
  ["192.168.0.0/16", "private"],
  ["198.18.0.0/15", "benchmarking"],
  ["198.51.100.0/24", "documentation"],
  ["203.0.113.0/24", "documentation"],
  ["224.0.0.0/4", "multicast"],
  ["240.0.0.0/4", "reserved, broadcast"],
  ["168.63.129.16", "Azure's host"],
]);

/**
 * Only 2000::/3 is given out for global unicast. All else is forbidden as a whole, which leaves out every form that
 * carries an IPv4 address (::ffff:0:0/96, ::/96, 64:ff9b::/96, …) without having to know them one by one.
 */
const GLOBAL_UNICAST = subnet("2000::/3");
const FORBIDDEN_IPV6 = table([
  ["2001::/23", "protocol assignments, Teredo"],
  ["2001:db8::/32", "documentation"],
  ["2002::/16", "6to4"],
  ["3fff::/20", "documentation"],
]);

/**
 * Whether a socket may be opened to an address (promise I9).
 * @param ip IPv4 in dotted decimal or IPv6; anything else is refused
 * @param allowedSubnets an operator's own networks, allowed whatever the tables say
 */
export function judgeAddress(ip: string, allowedSubnets: readonly Subnet[]): AddressVerdict {
  const bytes = parseIp(ip);
  if (!bytes) return { allowed: false, reason: "not an IP address" };
  if (allowedSubnets.some((allowed) => isInSubnet(bytes, allowed))) return ALLOWED;
  const reason = reasonAgainst(bytes);
  return reason === undefined ? ALLOWED : { allowed: false, reason };
}

/** Whether two spellings are of the same address: `::1` and `0:0:0:0:0:0:0:1` are. */
export function isSameAddress(a: string, b: string): boolean {
  const bytes = parseIp(a);
  const others = parseIp(b);
  return bytes !== undefined && others !== undefined && Buffer.compare(bytes, others) === 0;
}

function reasonAgainst(bytes: IpBytes): string | undefined {
  const isIpv6 = bytes.length === 16;
  if (isIpv6 && !isInSubnet(bytes, GLOBAL_UNICAST)) return "not global unicast";
  const entries = isIpv6 ? FORBIDDEN_IPV6 : FORBIDDEN_IPV4;
  return entries.find(([forbidden]) => isInSubnet(bytes, forbidden))?.[1];
}

function table(entries: readonly (readonly [string, string])[]): readonly (readonly [Subnet, string])[] {
  return entries.map(([text, why]) => [subnet(text), why]);
}

function subnet(text: string): Subnet {
  const parsed = parseSubnet(text);
  if (!parsed) throw new TypeError(`not a subnet: ${text}`);
  return parsed;
}
