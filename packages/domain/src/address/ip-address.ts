/** An address as its bytes: 4 for IPv4, 16 for IPv6. */
export type IpBytes = Uint8Array;

/** All addresses that begin with the first `prefixBits` bits of `bytes`. */
export type Subnet = { readonly bytes: IpBytes; readonly prefixBits: number };

const DECIMAL_BYTE = /^(?:0|[1-9][0-9]{0,2})$/;
const HEX_GROUP = /^[0-9a-f]{1,4}$/i;
const GROUPS = 8;

/**
 * Reads an IPv4 address in dotted decimal or an IPv6 address (RFC 4291 §2.2, all three forms). Nothing else counts:
 * octal, hexadecimal and short IPv4 forms, zones and brackets give undefined.
 */
export function parseIp(text: string): IpBytes | undefined {
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

/** Reads `10.0.0.0/8`, `fd00::/8` or a single address. Bits behind the prefix must be zero, or it is none. */
export function parseSubnet(text: string): Subnet | undefined {
  const [address = "", prefix, ...more] = text.split("/");
  const bytes = parseIp(address);
  if (!bytes || more.length > 0) return undefined;
  const bitsMax = bytes.length * 8;
  if (prefix === undefined) return { bytes, prefixBits: bitsMax };
  if (!DECIMAL_BYTE.test(prefix) || Number(prefix) > bitsMax) return undefined;
  const subnet = { bytes, prefixBits: Number(prefix) };
  return isFirstOf(subnet) ? subnet : undefined;
}

/** Whether the address is in the subnet; an IPv4 subnet never holds an IPv6 address, mapped or not. */
export function isInSubnet(address: IpBytes, { bytes, prefixBits }: Subnet): boolean {
  if (address.length !== bytes.length) return false;
  const wholeBytes = prefixBits >> 3;
  for (let i = 0; i < wholeBytes; i++) if (address[i] !== bytes[i]) return false;
  const rest = prefixBits & 7;
  if (rest === 0) return true;
  const mask = (0xff << (8 - rest)) & 0xff;
  return ((address[wholeBytes] ?? 0) & mask) === ((bytes[wholeBytes] ?? 0) & mask);
}

function isFirstOf({ bytes, prefixBits }: Subnet): boolean {
  return bytes.every((byte, i) => (byte & (0xff >> Math.min(8, Math.max(0, prefixBits - i * 8)))) === 0);
}

function parseIpv4(text: string): IpBytes | undefined {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => DECIMAL_BYTE.test(part) && Number(part) <= 255)) return undefined;
  return Uint8Array.from(parts, Number);
}

function parseIpv6(text: string): IpBytes | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half, i) => groupsOf(half, i === halves.length - 1));
  if (!head || (halves.length === 2 && !tail)) return undefined;
  const missing = GROUPS - head.length - (tail?.length ?? 0);
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...head, ...Array<number>(missing).fill(0), ...(tail ?? [])];
  return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff]));
}

/** The 16-bit groups of one side of `::`; the last may be an IPv4 address, which makes two. */
function groupsOf(half: string, mayEndInIpv4: boolean): number[] | undefined {
  if (half === "") return [];
  const groups: number[] = [];
  const parts = half.split(":");
  for (const [i, part] of parts.entries()) {
    const ipv4 = mayEndInIpv4 && i === parts.length - 1 ? parseIpv4(part) : undefined;
    if (ipv4) groups.push(((ipv4[0] ?? 0) << 8) | (ipv4[1] ?? 0), ((ipv4[2] ?? 0) << 8) | (ipv4[3] ?? 0));
    else if (HEX_GROUP.test(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return groups;
}
