import { z } from "zod";

/**
 * The closed list of refusals (RFC 9457 `type`), each with the one status that it answers with.
 * The URI is `https://postback.dev/problems/{name}`; it identifies, it need not resolve.
 */
export const problems = {
  "malformed-json": { status: 400, title: "The body is not JSON" },
  "invalid-encoding": { status: 400, title: "The body is not UTF-8" },
  "invalid-cursor": { status: 400, title: "The cursor is not one of ours" },
  "invalid-query": { status: 400, title: "A query parameter breaks a rule" },
  unauthenticated: { status: 401, title: "No valid API key" },
  forbidden: { status: 403, title: "The API key lacks the scope" },
  "not-found": { status: 404, title: "There is no such thing" },
  "method-not-allowed": { status: 405, title: "The method is not allowed here" },
  "entity-busy": { status: 409, title: "The entity has an operation that has not ended" },
  "too-many-secrets": { status: 409, title: "As many secrets of the endpoint sign as may" },
  "operation-ended": { status: 409, title: "The operation has ended" },
  "dead-letter-settled": { status: 409, title: "The dead letter was redriven or discarded" },
  "dead-letter-without-header": { status: 409, title: "The dead letter has no header to be redriven with" },
  "delivery-sending": { status: 409, title: "The delivery is being sent" },
  "endpoint-disabled": { status: 409, title: "The endpoint is disabled" },
  "replay-ended": { status: 409, title: "The replay has ended" },
  "replay-unfinished": { status: 409, title: "The endpoint has a replay that has not ended" },
  "operation-not-stuck": { status: 409, title: "The operation is not stuck" },
  "request-timeout": { status: 408, title: "The request did not arrive in time" },
  "body-too-large": { status: 413, title: "The body is too large" },
  "unsupported-media-type": { status: 415, title: "The content type is not application/json" },
  "invalid-input": { status: 422, title: "The input breaks a rule" },
  "unknown-operation-type": { status: 422, title: "There is no such operation type" },
  "entity-mismatch": { status: 422, title: "The entity does not agree with the input" },
  "invalid-id": { status: 422, title: "The id is not a UUIDv7 of about now" },
  "step-refused": { status: 422, title: "A step that comes before the answer refused" },
  "idempotency-key-reused": { status: 422, title: "The key was used with another request" },
  "forbidden-address": { status: 422, title: "The URL names an address that must not be called" },
  "rate-limited": { status: 429, title: "Too many requests with this key" },
  "upgrade-required": { status: 426, title: "This is a WebSocket" },
  overloaded: { status: 503, title: "Too much at once" },
  unavailable: { status: 503, title: "A store that this needs can't be reached" },
  internal: { status: 500, title: "An error of ours" },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemName = keyof typeof problems;

/** The URI that names a refusal in a problem's `type`. */
export const problemType = (name: ProblemName): string => `https://postback.dev/problems/${name}`;

export const fieldErrorSchema = z.object({
  pointer: z.string().describe("JSON pointer (RFC 6901) into the body, '' for the whole of it"),
  message: z.string(),
});

export const refusedStepSchema = z.object({ code: z.string(), message: z.string(), step: z.string() });

export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string().describe("What is wrong, and what to do about it"),
    errors: z.array(fieldErrorSchema).optional(),
    error: refusedStepSchema.optional().describe("Of `step-refused`: what the step said"),
  })
  .meta({ id: "Problem", description: "A refusal as RFC 9457 has it" });

export type RefusedStep = z.infer<typeof refusedStepSchema>;
export type FieldError = z.infer<typeof fieldErrorSchema>;
export type Problem = z.infer<typeof problemSchema>;
