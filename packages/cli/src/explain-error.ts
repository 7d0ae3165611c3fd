import { NoAnswer, NoStream, ProblemError, type ProblemName, UnexpectedAnswer } from "@postback/client";

const whatToDo: Readonly<Partial<Record<ProblemName, string>>> = {
  unauthenticated: "Set POSTBACK_API_KEY to a key that is valid; one that was revoked or has expired is not.",
  forbidden: "Take a key with the scope that the command needs.",
  "not-found": "Is the id right, and is the key of the same tenant?",
  "unknown-operation-type": "GET /v1/operation-types lists what can be submitted.",
  "idempotency-key-reused": "Take another --key, or leave it out.",
  "entity-busy": "Follow the entity's operation to its end, then try again.",
  "operation-ended": "`postback get` shows how it ended.",
  overloaded: "Try again in a while.",
  unavailable: "Try again in a while; after a write, with the same --key.",
  "dead-letter-settled": "It was redriven or discarded before.",
};

/** A failure in words: what happened, and what to do about it. */
export function explainError(error: unknown, url: string): string {
  if (error instanceof ProblemError) return explainProblem(error);
  if (error instanceof NoAnswer) return `${error.message}\nIs Postback running at ${url}? Set POSTBACK_URL, or --url.`;
  if (error instanceof UnexpectedAnswer)
    return `${error.message}\nSet POSTBACK_URL to where ingest listens, without /v1.`;
  if (error instanceof NoStream)
    return `${error.message}\nSomething between here and Postback lets no streams through.`;
  return error instanceof Error ? error.message : String(error);
}

function explainProblem({ problem, message, errors, error }: ProblemError): string {
  const fields = errors.map(({ pointer, message: why }) => `  ${pointer === "" ? "the body" : pointer}: ${why}`);
  const step = error === undefined ? [] : [`  ${error.step}: ${error.message} (${error.code})`];
  const remedy = whatToDo[problem];
  return [message, ...fields, ...step, ...(remedy === undefined ? [] : [remedy])].join("\n");
}
