import { type FieldError, limits } from "@postback/contracts";

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** A field value (RFC 9110 §5.5) in Latin-1, which is what HTTP/1.1 carries: no control characters but tab. */
const fieldValue = /^[\t\x20-\x7e\xa0-\xff]*$/;
const ours = new Set([
  "host",
  "content-length",
  "content-type",
  "transfer-encoding",
  "connection",
  "keep-alive",
  "te",
  "trailer",
  "upgrade",
  "expect",
]);
const oursByPrefix = /^(?:proxy-|webhook-|postback-)/;

/** What is wrong with the headers that an endpoint wants on its webhooks, each at its pointer. */
export function checkCustomHeaders(headers: Readonly<Record<string, string>>): FieldError[] {
  const entries = Object.entries(headers);
  const bytes = entries.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  if (entries.length > limits.endpointHeadersMax) return [of("", `may be ${limits.endpointHeadersMax} at most`)];
  if (bytes > limits.endpointHeadersMaxBytes)
    return [of("", `may have ${limits.endpointHeadersMaxBytes} bytes in all`)];
  const names = new Set<string>();
  return entries.flatMap(([name, value]) => {
    const message = problemOf(name.toLowerCase(), value, names);
    return message === undefined ? [] : [of(`/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`, message)];
  });
}

const of = (pointer: string, message: string): FieldError => ({ pointer: `/headers${pointer}`, message });

function problemOf(name: string, value: string, seen: Set<string>): string | undefined {
  if (!token.test(name)) return "is no name of a header";
  if (ours.has(name) || oursByPrefix.test(name)) return "is set by us or by HTTP itself, and can't be yours";
  if (seen.has(name)) return "is given twice; names of headers don't distinguish case";
  seen.add(name);
  return fieldValue.test(value) ? undefined : "may have printable Latin-1 characters only, and no line breaks";
}
