/** Headers that an endpoint wants sent with each webhook, by name. */
export type CustomHeaders = Readonly<Record<string, string>>;

const HEADERS_MAX = 20;
const HEADERS_MAX_BYTES = 4096;

/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9a-z-]+$/i;
/** RFC 9110 §5.5 without obs-fold: printable Latin-1, spaces and tabs. */
const VALUE = /^[\t\x20-\x7e\xa0-\xff]*$/;
/** What frames the message or belongs to the connection, and what is ours to say. */
const RESERVED = new Set([
  "host",
  "content-length",
  "transfer-encoding",
  "connection",
  "keep-alive",
  "te",
  "trailer",
  "upgrade",
  "expect",
  "traceparent",
]);
const RESERVED_PREFIXES = ["proxy-", "webhook-", "postback-"];

/** What keeps these headers from being sent, by name where it is one of them; undefined when all may. */
export function checkCustomHeaders(headers: CustomHeaders): { name?: string; message: string } | undefined {
  const entries = Object.entries(headers);
  if (entries.length > HEADERS_MAX) return { message: `must be at most ${HEADERS_MAX} headers` };
  const bytes = entries.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  if (bytes > HEADERS_MAX_BYTES) return { message: `must be at most ${HEADERS_MAX_BYTES} bytes in all` };
  const names = new Set<string>();
  for (const [name, value] of entries) {
    const message = problemOf(name, value, names);
    if (message !== undefined) return { name, message };
    names.add(name.toLowerCase());
  }
  return undefined;
}

function problemOf(name: string, value: string, namesBefore: ReadonlySet<string>): string | undefined {
  const lowerCased = name.toLowerCase();
  if (!TOKEN.test(name)) return "is not a header name";
  if (RESERVED.has(lowerCased) || RESERVED_PREFIXES.some((prefix) => lowerCased.startsWith(prefix))) {
    return "is not yours to set";
  }
  if (namesBefore.has(lowerCased)) return "is there twice";
  return VALUE.test(value) ? undefined : "has a character that no header value may have";
}
