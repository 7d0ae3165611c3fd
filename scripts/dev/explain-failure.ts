/** What to do about a failure that doesn't say so itself, by its code or text. The first that matches counts. */
const remedies: readonly (readonly [pattern: RegExp, remedy: string])[] = [
  [/ENOSPC|EDQUOT|no space left on device/i, "The disk is full: free some space; data and logs are in .postback."],
  [
    /kafka-unavailable/,
    "See that Kafka runs and that KAFKA_BROKERS leads to it; `docker compose up -d` starts one. Without KAFKA_BROKERS an embedded one is used.",
  ],
  [
    /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|28P01|28000|3D000|57P03/,
    "See that PostgreSQL runs and that DATABASE_URL leads to it, with its user, password and database; `docker compose up -d` starts one. Without DATABASE_URL an embedded one is used.",
  ],
  [/catalog-/, "See the reason above; POSTBACK_CATALOG names what is loaded (default: ./examples/shop)."],
];

/** These end with what to do, found in the program's log. */
const complete: ReadonlySet<string> = new Set(["StartFailure", "AppStartFailure"]);

/** What went wrong and what to do, for somebody who has just typed `npm start`. */
export function explainFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const message = messageOf(error);
  return complete.has(error.name) ? message : `${message}\n\n${remedyFor(error)}`;
}

function remedyFor(error: Error): string {
  if ("remedy" in error && typeof error.remedy === "string") return error.remedy;
  const text = `${codeOf(error)} ${messageOf(error)}`;
  return remedies.find(([pattern]) => pattern.test(text))?.[1] ?? error.stack ?? "";
}

/** A host with several addresses fails with one error for each, and with no text of its own. */
function messageOf(error: Error): string {
  if (error instanceof AggregateError && error.message === "") return error.errors.map(String).join("\n");
  return error.message;
}

const codeOf = (error: Error): string => ("code" in error ? String(error.code) : "");
