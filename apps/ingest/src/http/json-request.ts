import type { IncomingMessage } from "node:http";
import { limits } from "@postback/contracts";
import { type JsonProblem, parseJsonBody } from "@postback/domain";
import type { z } from "zod";
import { invalidInput, Refusal } from "../refusal.ts";
import { fieldErrors } from "./field-errors.ts";
import { readBody } from "./read-body.ts";

const jsonType = /^application\/(?:json|[a-z0-9.+-]+\+json) *(?:;|$)/i;
const otherCharset = /; *charset *= *"?(?!utf-8\b)/i;

/**
 * A request's body as JSON.
 * @throws {Refusal} unsupported-media-type, body-too-large, invalid-encoding, malformed-json, invalid-input
 */
async function readJson(request: IncomingMessage, maxBytes: number): Promise<unknown> {
  requireJsonType(request.headers);
  const bytes = await readBody(request, maxBytes);
  const parsed = parseJsonBody(bytes, { depthMax: limits.jsonDepthMax });
  if (parsed.ok) return parsed.value;
  throw refusalOf(parsed.problem);
}

/**
 * A request's body by a schema.
 * @throws {Refusal} as {@link readJson}, and invalid-input with a pointer for each field that breaks a rule
 */
export async function readJsonAs<S extends z.ZodType>(
  request: IncomingMessage,
  schema: S,
  maxBytes: number = limits.bodyMaxBytes,
): Promise<z.output<S>> {
  const parsed = schema.safeParse(await readJson(request, maxBytes));
  if (parsed.success) return parsed.data;
  throw invalidInput(fieldErrors(parsed.error));
}

function requireJsonType(headers: IncomingMessage["headers"]): void {
  requireNoEncoding(headers["content-encoding"]);
  const type = headers["content-type"];
  if (type === "application/json") return;
  if (type === undefined || !jsonType.test(type) || otherCharset.test(type)) {
    throw new Refusal("unsupported-media-type", "Send the body as application/json, in UTF-8.");
  }
}

/** A compressed body would have to be bounded after it is unpacked; webhooks and writes are small. */
function requireNoEncoding(encoding: string | undefined): void {
  if (encoding === undefined || encoding === "identity") return;
  throw new Refusal("unsupported-media-type", "Send the body as it is, without Content-Encoding.");
}

function refusalOf(problem: JsonProblem): Refusal {
  if ("pointer" in problem) return invalidInput([{ pointer: problem.pointer, message: problem.message }]);
  return new Refusal(problem.code === "bad-utf8" ? "invalid-encoding" : "malformed-json", problem.message);
}
