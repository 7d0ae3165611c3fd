import { checkJsonText, type Json } from "@postback/domain";
import { limits } from "./limits.ts";

export type JsonCheck = { ok: true; value: Json } | { ok: false; why: string };

/**
 * A copy of the value as JSON, if it is JSON and can be kept in jsonb. Stricter than `JSON.stringify`, which changes dates,
 * NaN and class instances without a word; properties that are undefined are left out.
 * @param maxBytes of its UTF-8 text
 */
export function toJson(value: unknown, maxBytes: number): JsonCheck {
  try {
    const copy = copyOf(value, "", 0);
    const text = JSON.stringify(copy);
    const bytes = Buffer.byteLength(text);
    if (bytes > maxBytes) return { ok: false, why: `is ${bytes} bytes, more than ${maxBytes}` };
    const problem = checkJsonText(text, limits.jsonDepthMax);
    if (problem !== undefined)
      return { ok: false, why: `breaks a rule at "${problem.pointer ?? ""}": ${problem.message}` };
    return { ok: true, value: copy };
  } catch (error) {
    if (error instanceof NotJson) return { ok: false, why: error.message };
    throw error;
  }
}

class NotJson extends Error {}

/** The depth is bounded here too: what refers to itself would never end. */
function copyOf(value: unknown, pointer: string, depth: number): Json {
  if (depth > limits.jsonDepthMax) throw new NotJson(`is nested deeper than ${limits.jsonDepthMax} levels`);
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (Array.isArray(value)) return value.map((each, index) => copyOf(each, `${pointer}/${index}`, depth + 1));
  if (typeof value === "object" && isPlain(value)) return copyOfObject(value, pointer, depth);
  throw new NotJson(`has ${nameOf(value)} at "${pointer}", which is not JSON`);
}

function copyOfObject(value: object, pointer: string, depth: number): Json {
  const present = Object.entries(value).filter(([, each]) => each !== undefined);
  return Object.fromEntries(present.map(([key, each]) => [key, copyOf(each, `${pointer}/${key}`, depth + 1)]));
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

const nameOf = (value: unknown): string =>
  typeof value === "object" ? `a ${value?.constructor.name ?? "object"}` : `${String(value)} (${typeof value})`;
