/**
 * JSON with one spelling for each value: no spaces, members sorted by UTF-16 code units, numbers and strings as
 * ECMAScript writes them (RFC 8785). For values that came from JSON; their depth is bounded where they come in.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value ?? null);
  let members = "";
  for (const [key, member] of Object.entries(value).sort(byKey)) {
    // A member without a value isn't there, as for JSON.stringify.
    if (member !== undefined) members += `${members === "" ? "" : ","}${JSON.stringify(key)}:${canonicalJson(member)}`;
  }
  return `{${members}}`;
}

function byKey([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : 1;
}
