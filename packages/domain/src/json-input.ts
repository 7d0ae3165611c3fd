import { closingQuote, findJsonProblem, type JsonContentProblem } from "./json-walk.ts";

export const JSON_DEPTH_MAX = 32;

/** Why a body isn't taken. */
export type JsonProblem =
  | { readonly code: "bad-utf8" | "malformed-json"; readonly message: string }
  | JsonContentProblem;

export type ParsedJson =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problem: JsonProblem };

// `ignoreBOM: false` drops a byte order mark, as RFC 8259 §8.1 allows.
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

const NOT_UTF8: JsonProblem = { code: "bad-utf8", message: "The body is not valid UTF-8." };
const NOT_JSON: JsonProblem = { code: "malformed-json", message: "The body is not valid JSON (RFC 8259)." };

/**
 * Parses a request's body, refusing what can't be kept as it is: bytes that aren't UTF-8, U+0000 and lone surrogates
 * (Postgres' jsonb can't hold them), numbers that a double would change, nesting deeper than `depthMax`, and members that
 * are there twice: whoever reads the same bytes with another parser would see another value (RFC 8259 §4).
 * A member called `__proto__` is an own property like any other.
 */
export function parseJsonBody(bytes: Uint8Array, { depthMax = JSON_DEPTH_MAX } = {}): ParsedJson {
  const text = decodeUtf8(bytes);
  if (text === undefined) return { ok: false, problem: NOT_UTF8 };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The engine's message repeats parts of the body, which must not come into logs.
    return { ok: false, problem: NOT_JSON };
  }
  const problem = problemIn(text, value, depthMax);
  return problem ? { ok: false, problem } : { ok: true, value };
}

/** Of members that are there twice the parsed value has one: a count tells, and only then is the text walked. */
function problemIn(text: string, value: unknown, depthMax: number): JsonContentProblem | undefined {
  const members = plainMembers(text, depthMax);
  return members !== undefined && members === countMembers(value) ? undefined : findJsonProblem(text, depthMax);
}

/** How deep is known by then: {@link plainMembers} has bounded it. */
function countMembers(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  let count = 0;
  if (Array.isArray(value)) {
    for (const element of value) count += countMembers(element);
    return count;
  }
  const members = Object.values(value);
  count = members.length;
  for (const member of members) count += countMembers(member);
  return count;
}

/**
 * What of a valid JSON text can't be kept; undefined when all can. Serves what was parsed as well as what
 * `JSON.stringify` made of a step's output.
 */
export function checkJsonText(text: string, depthMax = JSON_DEPTH_MAX): JsonContentProblem | undefined {
  // Nearly every text is proved harmless by one quick pass; only the others are walked with care.
  return plainMembers(text, depthMax) === undefined ? findJsonProblem(text, depthMax) : undefined;
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** U+0000 and surrogates can't be in the text as such, only escaped: valid UTF-8 has none, and JSON no raw U+0000. */
const RISKY_ESCAPE = /\\u(?:0000|d[89a-f])/i;
/** A double holds any number of up to 15 digits exactly (IEEE 754: DBL_DIG). */
const EXACT_NUMBER_CHARS_MAX = 15;

const QUOTE = 0x22;
const COLON = 0x3a;
const MINUS = 0x2d;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** How many members the objects of a plainly harmless text have, each counted; undefined where it has to be walked. */
function plainMembers(text: string, depthMax: number): number | undefined {
  const escapes = text.includes("\\");
  if (escapes && RISKY_ESCAPE.test(text)) return undefined;
  let depth = 0;
  let members = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char === QUOTE) at = escapes ? closingQuote(text, at) : text.indexOf('"', at + 1);
    else if (char === COLON) members++;
    else if (char === OPEN_OBJECT || char === OPEN_ARRAY) {
      if (++depth > depthMax) return undefined;
    } else if (char === CLOSE_OBJECT || char === CLOSE_ARRAY) depth--;
    else if (char === MINUS || isDigit(char)) {
      at = endOfPlainNumber(text, at);
      if (at === -1) return undefined;
    }
  }
  return members;
}

function isDigit(char: number): boolean {
  return char >= DIGIT_0 && char <= DIGIT_9;
}

/** Index of a number's last character, or -1 where it is long or has an exponent and so may not be exact. */
function endOfPlainNumber(text: string, from: number): number {
  for (let at = from + 1; at <= from + EXACT_NUMBER_CHARS_MAX; at++) {
    const char = text[at];
    if (char === "e" || char === "E") return -1;
    if (char !== "." && !isDigit(text.charCodeAt(at))) return at - 1;
  }
  return -1;
}
