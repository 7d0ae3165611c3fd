const shown = "[secret]";

/** Puts {@link shown} for each of the values into a text, also where they are percent-encoded, as in a URL. */
export function textRedactor(values: readonly string[]): (text: string) => string {
  const written = values.flatMap((value) => [value, encodeURIComponent(value)]);
  written.sort((a, b) => b.length - a.length);
  return (text) => written.reduce((left, value) => left.replaceAll(value, shown), text);
}

/** The value with each of its texts redacted, names of properties and what errors say too. */
export function redactDeep<T>(value: T, redact: (text: string) => string): T {
  return redacted(value, { redact, done: new Map() }) as T;
}

interface Redacting {
  redact(text: string): string;
  /** Each object once: what a log is given may lead back to itself. */
  readonly done: Map<object, unknown>;
}

function redacted(value: unknown, redacting: Redacting): unknown {
  if (typeof value === "string") return redacting.redact(value);
  if (typeof value !== "object" || value === null) return value;
  if (redacting.done.has(value)) return redacting.done.get(value);
  if (Array.isArray(value)) return redactedArray(value, redacting);
  if (value instanceof Error) return redactedError(value, redacting);
  return "toJSON" in value && typeof value.toJSON === "function"
    ? redacted(value.toJSON(), redacting)
    : redactedObject(value, redacting);
}

function redactedArray(value: readonly unknown[], redacting: Redacting): unknown[] {
  const made: unknown[] = [];
  redacting.done.set(value, made);
  for (const each of value) made.push(redacted(each, redacting));
  return made;
}

function redactedObject(value: object, redacting: Redacting): object {
  const made: Record<string, unknown> = {};
  redacting.done.set(value, made);
  for (const [name, each] of Object.entries(value)) made[redacting.redact(name)] = redacted(each, redacting);
  return made;
}

/** Only what every error has: further properties may hold anything. */
function redactedError(error: Error, { redact, done }: Redacting): Error {
  const made = new Error(redact(error.message));
  made.name = error.name;
  made.stack = redact(error.stack ?? "");
  done.set(error, made);
  return made;
}
