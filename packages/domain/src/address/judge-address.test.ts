import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isSameAddress, judgeAddress, parseSubnet, type Subnet } from "./judge-address.ts";

function subnets(...texts: string[]): Subnet[] {
  return texts.map((text) => {
    const subnet = parseSubnet(text);
    if (!subnet) throw new Error(`not a subnet: ${text}`);
    return subnet;
  });
}

/** First and last address of each forbidden range, and the public neighbours on both sides where there are any. */
const IPV4_RANGES: [string, string, string, string | undefined, string | undefined][] = [
  ["0/8", "0.0.0.0", "0.255.255.255", undefined, "1.0.0.0"],
  ["10/8", "10.0.0.0", "10.255.255.255", "9.255.255.255", "11.0.0.0"],
  ["100.64/10", "100.64.0.0", "100.127.255.255", "100.63.255.255", "100.128.0.0"],
  ["127/8", "127.0.0.0", "127.255.255.255", "126.255.255.255", "128.0.0.0"],
  ["169.254/16", "169.254.0.0", "169.254.255.255", "169.253.255.255", "169.255.0.0"],
  ["172.16/12", "172.16.0.0", "172.31.255.255", "172.15.255.255", "172.32.0.0"],
  ["192.0.0/24", "192.0.0.0", "192.0.0.255", "191.255.255.255", "192.0.1.0"],
  ["192.0.2/24", "192.0.2.0", "192.0.2.255", "192.0.1.255", "192.0.3.0"],
  ["192.88.99/24", "192.88.99.0", "192.88.99.255", "192.88.98.255", "192.88.100.0"],
  ["192.168/16", "192.168.0.0", "192.168.255.255", "192.167.255.255", "192.169.0.0"],
  ["198.18/15", "198.18.0.0", "198.19.255.255", "198.17.255.255", "198.20.0.0"],
  ["198.51.100/24", "198.51.100.0", "198.51.100.255", "198.51.99.255", "198.51.101.0"],
  ["203.0.113/24", "203.0.113.0", "203.0.113.255", "203.0.112.255", "203.0.114.0"],
  ["224/4", "224.0.0.0", "239.255.255.255", "223.255.255.255", undefined],
  ["240/4", "240.0.0.0", "255.255.255.255", undefined, undefined],
  ["Azure", "168.63.129.16", "168.63.129.16", "168.63.129.15", "168.63.129.17"],
];

const IPV6_RANGES: [string, string, string, string | undefined, string | undefined][] = [
  ["::/3", "::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", undefined, "2000::"],
  ["2001::/23", "2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "2000:ffff:ffff::", "2001:200::"],
  ["2001:db8::/32", "2001:db8::", "2001:db8:ffff:ffff::ffff", "2001:db7:ffff::", "2001:db9::"],
  ["2002::/16", "2002::", "2002:ffff::ffff", "2001:ffff::", "2003::"],
  ["3fff::/20", "3fff::", "3fff:fff:ffff::", "3ffe:ffff::", "3fff:1000::"],
  ["from 4000::", "4000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff:ffff::", undefined],
];

const SPECIAL_IPV6 = [
  ["loopback", "::1"],
  ["loopback in full", "0:0:0:0:0:0:0:1"],
  ["loopback with zeros", "0000:0000:0000:0000:0000:0000:0000:0001"],
  ["unspecified", "::"],
  ["mapped loopback", "::ffff:127.0.0.1"],
  ["mapped loopback in hex", "::ffff:7f00:1"],
  ["mapped loopback in full", "0:0:0:0:0:ffff:7f00:0001"],
  ["mapped public", "::ffff:8.8.8.8"],
  ["compatible loopback", "::7f00:1"],
  ["compatible loopback dotted", "::127.0.0.1"],
  ["compatible metadata", "::a9fe:a9fe"],
  ["SIIT", "::ffff:0:127.0.0.1"],
  ["NAT64", "64:ff9b::7f00:1"],
  ["NAT64 dotted", "64:ff9b::127.0.0.1"],
  ["NAT64 metadata", "64:ff9b::169.254.169.254"],
  ["local NAT64", "64:ff9b:1::7f00:1"],
  ["discard", "100::1"],
  ["Teredo", "2001:0:4136:e378:8000:63bf:3fff:fdd2"],
  ["ORCHID", "2001:10::1"],
  ["ORCHIDv2", "2001:20::1"],
  ["6to4 loopback", "2002:7f00:1::"],
  ["6to4 private", "2002:a00:1::1"],
  ["SRv6", "5f00::1"],
  ["unique local", "fc00::1"],
  ["unique local, AWS metadata", "fd00:ec2::254"],
  ["link-local", "fe80::1"],
  ["link-local, last", "febf:ffff::1"],
  ["site-local", "fec0::1"],
  ["multicast", "ff02::1"],
  ["multicast, global", "ff0e::1"],
] as const;

const NOT_ADDRESSES = [
  "",
  "localhost",
  "127.1",
  "127.0.1",
  "2130706433",
  "0x7f000001",
  "0x7f.0.0.1",
  "0177.0.0.1",
  "127.0.0.01",
  "010.0.0.1",
  "8.8.8.08",
  "256.8.8.8",
  "8.8.8.8.8",
  "8.8.8",
  "8.8.8.8 ",
  " 8.8.8.8",
  "8.8.8.8\n",
  "8.8.8.8\0",
  "8.8.8.8%eth0",
  "+8.8.8.8",
  "8.8.-8.8",
  "8.8.8.8/32",
  "１２７.0.0.1",
  "[2606:4700::1111]",
  "2606:4700::1111%eth0",
  "2606:4700::1111%25eth0",
  "fe80::1%1",
  "2606:4700:::1111",
  "2606::4700::1111",
  "2606:4700:1:2:3:4:5",
  "2606:4700:1:2:3:4:5:6:7",
  "2606:4700:1:2:3:4:5:6::",
  "::2606:4700:1:2:3:4:5:6:7",
  ":2606:4700::1",
  "2606:4700::1:",
  "2606:4700::12345",
  "2606:4700::g",
  "2606:4700::1.2.3",
  "2606:4700::1.2.3.256",
  "2606:1.2.3.4::1",
  "2606:4700::01.2.3.4",
  ":",
  ":::",
  "1::2::3",
];

describe("judgeAddress", () => {
  it.each([...IPV4_RANGES, ...IPV6_RANGES])("refuses %s from first to last", (_range, firstIp, lastIp) => {
    expect(judgeAddress(firstIp, []).allowed).toBe(false);
    expect(judgeAddress(lastIp, []).allowed).toBe(false);
  });

  it.each([...IPV4_RANGES, ...IPV6_RANGES])("allows what borders on %s", (_range, _first, _last, below, above) => {
    for (const ip of [below, above]) if (ip) expect(judgeAddress(ip, [])).toEqual({ allowed: true });
  });

  it.each(SPECIAL_IPV6)("refuses %s: %s", (_what, ip) => {
    expect(judgeAddress(ip, []).allowed).toBe(false);
    expect(judgeAddress(ip.toUpperCase(), []).allowed).toBe(false);
  });

  it.each(NOT_ADDRESSES)("refuses %j, which is not an address", (text) => {
    expect(judgeAddress(text, [])).toEqual({ allowed: false, reason: "not an IP address" });
    expect(judgeAddress(text, subnets("0.0.0.0/0", "::/0")).allowed).toBe(false);
  });

  it.each([
    "8.8.8.8",
    "1.1.1.1",
    "93.184.216.34",
    "2606:4700:4700::1111",
    "2a00:1450:4001:81b::200e",
    "2001:4860::8888",
  ])("allows %s", (ip) => {
    expect(judgeAddress(ip, [])).toEqual({ allowed: true });
  });

  it("allows an operator's subnets, exactly these", () => {
    const own = subnets("10.1.0.0/16", "127.0.0.1", "fd12::/16");
    for (const ip of ["10.1.0.0", "10.1.255.255", "127.0.0.1", "fd12::1"])
      expect(judgeAddress(ip, own).allowed).toBe(true);
    for (const ip of ["10.2.0.0", "127.0.0.2", "fd13::1", "::1"]) expect(judgeAddress(ip, own).allowed).toBe(false);
  });

  it("does not take a mapped form for the IPv4 address that an operator allowed", () => {
    expect(judgeAddress("::ffff:10.1.0.1", subnets("10.0.0.0/8")).allowed).toBe(false);
  });

  it("allows no IPv6 form of a forbidden IPv4 address, whatever prefix translators use", () => {
    const forbidden = fc.constantFrom("7f00:1", "a00:1", "a9fe:a9fe", "c0a8:1", "ac10:1");
    const prefix = fc.constantFrom("::", "::ffff:", "::ffff:0:", "64:ff9b::", "64:ff9b:1::", "2001::", "fe80::5efe:");
    fc.assert(fc.property(prefix, forbidden, (p, ip) => judgeAddress(p + ip, []).allowed === false));
  });

  it("gives the same verdict for every spelling of an IPv6 address", () => {
    fc.assert(
      fc.property(fc.ipV6(), (ip) => {
        const url = URL.parse(`http://[${ip}]/`);
        const canonical = url?.hostname.slice(1, -1) ?? "";
        expect(isSameAddress(ip, canonical)).toBe(true);
        expect(judgeAddress(ip, [])).toEqual(judgeAddress(canonical, []));
      }),
    );
  });
});

describe("parseSubnet", () => {
  it.each(["10.0.0.0/8", "0.0.0.0/0", "::/0", "fd00::/8", "127.0.0.1", "::1", "192.168.1.4/30", "2001:db8::/33"])(
    "takes %s",
    (text) => {
      expect(parseSubnet(text)).toBeDefined();
    },
  );
  it.each([
    "",
    "10.0.0.1/8",
    "10.0.0.0/33",
    "::/129",
    "10/8",
    "10.0.0.0/",
    "10.0.0.0/08",
    "10.0.0.0/8/8",
    "10.0.0.0/-1",
    "fd00::1/8",
    "10.0.0.0/1e1",
  ])("refuses %j", (text) => {
    expect(parseSubnet(text)).toBeUndefined();
  });
});
