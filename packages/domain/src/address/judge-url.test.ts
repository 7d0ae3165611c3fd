import { describe, expect, it } from "vitest";
import { parseSubnet, type Subnet } from "./judge-address.ts";
import { judgeUrl, type UrlPolicy } from "./judge-url.ts";

const production: UrlPolicy = { allowHttp: false, allowedSubnets: [] };
const loopback = ["127.0.0.0/8", "::1"].map(parseSubnet).filter((subnet): subnet is Subnet => subnet !== undefined);
const development: UrlPolicy = { allowHttp: true, allowedSubnets: loopback };

/** Hosts that are, or that the URL parser makes, a forbidden address. */
const FORBIDDEN_HOSTS = [
  "127.0.0.1",
  "127.1",
  "127.0.1",
  "2130706433",
  "017700000001",
  "0x7f000001",
  "0x7f.1",
  "0x7f.0x0.0x0.0x1",
  "0177.0.0.1",
  "0177.0.0.01",
  "127.0.0.1.",
  "0",
  "0.0.0.0",
  "0x0",
  "１２７.0.0.1",
  "①②⑦.⓪.⓪.①",
  "127。0。0。1",
  "127%2e0%2e0%2e1",
  "%31%32%37.0.0.1",
  "10.0.0.1",
  "10.1",
  "167772161",
  "172.16.0.1",
  "192.168.0.1",
  "192.168.257",
  "3232235521",
  "169.254.169.254",
  "2852039166",
  "0xa9fea9fe",
  "0xA9.0xFE.0xA9.0xFE",
  "0251.0376.0251.0376",
  "169.254.43518",
  "100.100.100.200",
  "168.63.129.16",
  "192.0.0.192",
  "198.18.0.1",
  "224.0.0.1",
  "255.255.255.255",
  "4294967295",
  "[::]",
  "[::1]",
  "[0:0:0:0:0:0:0:1]",
  "[0000::0001]",
  "[::ffff:127.0.0.1]",
  "[::ffff:7f00:1]",
  "[::FFFF:7F00:1]",
  "[::7f00:1]",
  "[::127.0.0.1]",
  "[::ffff:0:127.0.0.1]",
  "[64:ff9b::127.0.0.1]",
  "[64:ff9b::7f00:1]",
  "[2002:7f00:1::]",
  "[2001:0:7f00:1::]",
  "[fe80::1]",
  "[fc00::1]",
  "[fd00:ec2::254]",
  "[fec0::1]",
  "[ff02::1]",
  "[::ffff:169.254.169.254]",
  "[::ffff:8.8.8.8]",
  "[2001:db8::1]",
  "[3fff::1]",
];

const FORBIDDEN_NAMES = [
  "localhost",
  "LOCALHOST",
  "ｌｏｃａｌｈｏｓｔ",
  "local%68ost",
  "a.localhost",
  "printer.local",
  "metadata.google.internal",
  "instance-data.ec2.internal",
  "host.docker.internal",
  "kubernetes.default.svc",
  "api.prod.svc.cluster.local",
  "postgres",
  "intranet",
  "com",
];

const MALFORMED = [
  "",
  "example.com/hook",
  "//example.com",
  "https://",
  "https:///",
  "https://exa mple.com",
  "https://example.com/a b",
  " https://example.com",
  "https://example.com\n",
  "https://exam\tple.com",
  "https://example.com\\@127.0.0.1",
  "https:\\\\example.com",
  "https://example.com\0",
  "https://example.com:0/",
  "https://example.com:65536/",
  "https://example.com:x/",
  "https://[::1",
  "https://[fe80::1%25eth0]/",
  "https://[fe80::1%eth0]/",
  "https://256.256.256.256/",
  "https://1.2.3.4.5/",
  "https://0x7f.1.x.0x/",
  "https://example.com./",
  "https://localhost./",
  "https://metadata.google.internal./",
  "https://a..example.com/",
  "https://.example.com/",
  "https://-a.example.com/",
  `https://${"a".repeat(64)}.example.com/`,
  `https://${"a.".repeat(130)}com/`,
  "https://ex*mple.com/",
  "https://a,b.example.com/",
  "https://$(id).example.com/",
  `https://example.com/${"x".repeat(2048)}`,
];

const CREDENTIALS = [
  "https://user@example.com/",
  "https://user:pass@example.com/",
  "https://:@example.com/",
  "https://@example.com/",
  "https://example.com@8.8.8.8/",
  "https://8.8.8.8:443@example.com/",
  "https:user@example.com/",
  "https:/user@example.com/",
];

const OTHER_SCHEMES = ["ftp", "file", "gopher", "ws", "wss", "data", "javascript", "unix", "dict", "ldap"];

const ALLOWED = [
  ["https://example.com", "name", "example.com"],
  ["https://example.com:8443/hooks?token=a%20b", "name", "example.com"],
  ["HTTPS://EXAMPLE.COM/", "name", "example.com"],
  ["https://hooks.eu-1.example.co.uk/a/b", "name", "hooks.eu-1.example.co.uk"],
  ["https://my_service.example.com/", "name", "my_service.example.com"],
  ["https://bücher.example/", "name", "xn--bcher-kva.example"],
  ["https://localhost.example.com/", "name", "localhost.example.com"],
  ["https://internal.example.com/", "name", "internal.example.com"],
  ["https://notlocal/".replace("notlocal", "not.locale"), "name", "not.locale"],
  ["https://example.com/path@with/at", "name", "example.com"],
  ["https://8.8.8.8/", "address", "8.8.8.8"],
  ["https://134744072/", "address", "8.8.8.8"],
  ["https://[2606:4700:4700::1111]:8443/x", "address", "2606:4700:4700::1111"],
  ["https://127.0.0.1.nip.io/", "name", "127.0.0.1.nip.io"],
] as const;

function codeOf(text: string, policy = production): string | undefined {
  const verdict = judgeUrl(text, policy);
  return verdict.ok ? undefined : verdict.code;
}

describe("judgeUrl", () => {
  it.each(FORBIDDEN_HOSTS)("refuses the address in https://%s/", (host) => {
    expect(codeOf(`https://${host}/`)).toBe("address-forbidden");
  });
  it.each(FORBIDDEN_NAMES)("refuses the name %s", (name) => {
    expect(codeOf(`https://${name}/`)).toBe("name-forbidden");
  });
  it.each(MALFORMED)("refuses %j as malformed", (text) => {
    expect(codeOf(text)).toBe("malformed-url");
  });
  it.each(CREDENTIALS)("refuses the user in %s", (text) => {
    expect(codeOf(text)).toBe("credentials-in-url");
  });
  it.each(OTHER_SCHEMES)("refuses %s:", (scheme) => {
    expect(codeOf(`${scheme}://example.com/`)).toBe("scheme-not-allowed");
    expect(codeOf(`${scheme}://example.com/`, development)).toBe("scheme-not-allowed");
  });
  it("refuses a fragment, empty or not", () => {
    expect(codeOf("https://example.com/#x")).toBe("fragment-in-url");
    expect(codeOf("https://example.com/#")).toBe("fragment-in-url");
  });

  it.each(ALLOWED)("allows %s", (text, kind, host) => {
    expect(judgeUrl(text, production)).toMatchObject({ ok: true, host: { kind, text: host } });
  });

  it("takes http in development only", () => {
    expect(codeOf("http://example.com/")).toBe("scheme-not-allowed");
    expect(codeOf("http://example.com/", development)).toBeUndefined();
  });

  it("takes localhost and loopback addresses where loopback is allowed, and still nothing like them", () => {
    for (const host of ["localhost:3000", "127.0.0.1:3000", "127.1", "[::1]"]) {
      expect(codeOf(`http://${host}/`, development)).toBeUndefined();
    }
    for (const host of ["a.localhost", "printer.local", "postgres", "localhost."]) {
      expect(codeOf(`http://${host}/`, development)).toMatch(/name-forbidden|malformed-url/);
    }
    for (const host of ["10.0.0.1", "[::ffff:127.0.0.1]", "169.254.169.254", "0.0.0.0"]) {
      expect(codeOf(`http://${host}/`, development)).toBe("address-forbidden");
    }
  });
});
