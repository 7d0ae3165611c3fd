import { isInSubnet, parseIp, type Subnet } from "./ip-address.ts";
import { judgeAddress } from "./judge-address.ts";

export type UrlPolicy = {
  /** Plain http is for development alone. */
  readonly allowHttp: boolean;
  /** An operator's own networks; with loopback among them, `localhost` is a name that may be used. */
  readonly allowedSubnets: readonly Subnet[];
};

export type UrlVerdict =
  | { readonly ok: true; readonly url: URL; readonly host: UrlHost }
  | { readonly ok: false; readonly code: UrlProblemCode; readonly message: string };

/** What has to be dialled: an address as it stands, or a name that must be resolved and judged first. */
export type UrlHost = { readonly kind: "address" | "name"; readonly text: string };

export type UrlProblemCode =
  | "malformed-url"
  | "scheme-not-allowed"
  | "credentials-in-url"
  | "fragment-in-url"
  | "address-forbidden"
  | "name-forbidden";

const URL_MAX_CHARS = 2048;
/** The URL parser drops or turns these silently; what was registered should read as it is used. */
const REWRITTEN_BY_PARSER = /[\s\\\p{Cc}]/u;
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;
const NAME_MAX_CHARS = 253;

/** Names that mean something inside a machine, a site or a cluster only (RFC 6761, RFC 6762, Kubernetes, clouds). */
const FORBIDDEN_SUFFIXES = ["localhost", "local", "internal", "svc"];

/**
 * Whether webhooks may be sent to a URL, as far as the text can tell: asked at registration and again before sending.
 * Names are resolved, and their addresses judged, by the sender alone. Host forms such as `0x7f.1` or `2130706433` are
 * judged after the URL parser has turned them into addresses, as they would be dialled.
 */
export function judgeUrl(text: string, policy: UrlPolicy): UrlVerdict {
  const url = text.length <= URL_MAX_CHARS && !REWRITTEN_BY_PARSER.test(text) ? URL.parse(text) : null;
  if (!url) return refused("malformed-url", `must be an absolute URL of at most ${URL_MAX_CHARS} characters`);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && policy.allowHttp)) {
    return refused("scheme-not-allowed", policy.allowHttp ? "must be http or https" : "must be https");
  }
  // Also an empty user, which the parsed URL doesn't show.
  if (authorityOf(text).includes("@")) return refused("credentials-in-url", "must not contain a user or password");
  if (text.includes("#")) return refused("fragment-in-url", "must not have a fragment");
  if (url.port === "0") return refused("malformed-url", "port 0 can't be connected to");
  const address = addressOf(url.hostname);
  return address === undefined ? judgeName(url, policy) : judgeLiteral(url, address, policy);
}

function judgeLiteral(url: URL, address: string, { allowedSubnets }: UrlPolicy): UrlVerdict {
  const verdict = judgeAddress(address, allowedSubnets);
  if (!verdict.allowed) return refused("address-forbidden", `${address} is not allowed: ${verdict.reason}`);
  return { ok: true, url, host: { kind: "address", text: address } };
}

function judgeName(url: URL, policy: UrlPolicy): UrlVerdict {
  const name = url.hostname;
  const labels = name.split(".");
  // A name with a dot at its end is the same host under another name, in Host headers and certificates too.
  if (name.length > NAME_MAX_CHARS || !labels.every((label) => LABEL.test(label))) {
    return refused("malformed-url", "the host is not a plain domain name");
  }
  const isLocalhost = name === "localhost" && allowsLoopback(policy.allowedSubnets);
  if (!isLocalhost && (labels.length === 1 || FORBIDDEN_SUFFIXES.includes(labels.at(-1) ?? ""))) {
    return refused("name-forbidden", `${name} is not a public name`);
  }
  return { ok: true, url, host: { kind: "name", text: name } };
}

/** Whether an operator lets webhooks go to this machine itself, as in development. */
function allowsLoopback(allowedSubnets: readonly Subnet[]): boolean {
  return ["127.0.0.1", "::1"].some((loopback) => {
    const bytes = parseIp(loopback);
    return bytes !== undefined && allowedSubnets.some((subnet) => isInSubnet(bytes, subnet));
  });
}

function addressOf(hostname: string): string | undefined {
  const bare = hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
  return parseIp(bare) ? bare : undefined;
}

function authorityOf(text: string): string {
  return /^[a-z]+:\/*([^/?#]*)/i.exec(text)?.[1] ?? "";
}

function refused(code: UrlProblemCode, message: string): UrlVerdict {
  return { ok: false, code, message };
}
