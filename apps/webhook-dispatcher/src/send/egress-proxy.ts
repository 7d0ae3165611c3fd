/** The proxy that webhooks leave through, so that partners can allow-list its address instead of each dispatcher's. */
export type EgressProxy = {
  readonly host: string;
  readonly port: number;
  /** Value of `Proxy-Authorization`; never logged. */
  readonly authorization: string | undefined;
};

/** Port of a URL without one. */
const HTTP_PORT = 80;

/**
 * Reads `http://user:password@host:port`; user and password may be left out, and are percent-encoded as in any URL.
 * Anything more (a path, a query, another scheme) is refused rather than dropped.
 */
export function parseEgressProxy(text: string): EgressProxy | undefined {
  const url = URL.parse(text);
  if (url?.protocol !== "http:" || url.pathname !== "/" || url.search !== "" || url.hash !== "") return undefined;
  const credentials = [url.username, url.password].map(percentDecoded);
  if (url.port === "0" || credentials.includes(undefined)) return undefined;
  const [user = "", password = ""] = credentials;
  // RFC 7617 §2: the user ends at the first colon.
  if (user.includes(":")) return undefined;
  const hasCredentials = user !== "" || password !== "";
  return {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? HTTP_PORT : Number(url.port),
    authorization: hasCredentials ? `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}` : undefined,
  };
}

function percentDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    // A lone % is a mistake of whoever wrote it; guessing what was meant would send a wrong password.
    return undefined;
  }
}
