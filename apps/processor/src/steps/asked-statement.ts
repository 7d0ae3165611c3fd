/** What of the forms in which pg's `query` can be called is looked at here. */
interface QueryForm {
  readonly text?: unknown;
  readonly name?: unknown;
  readonly values?: unknown;
  readonly callback?: unknown;
  readonly submit?: unknown;
}

/** `query` was called with a callback, or with an object that hears of its rows itself: it gives no promise. */
export function givesNoPromise(args: readonly unknown[]): boolean {
  if (args.some((each) => typeof each === "function")) return true;
  const { submit, callback } = args[0] as QueryForm;
  return typeof submit === "function" || typeof callback === "function";
}

const readsOrWrites = /^\s*(?:select|insert|update|delete|merge|with|values)\b/i;
const goesOnAfterItsEnd = /;\s*\S/;

/**
 * One statement that reads or writes, and so can be taken back by a savepoint before it. Anything else (a savepoint of
 * its own, a setting, several statements in one text, whoever ends the transaction against the rules) has to be answered
 * before anybody else's statement may follow it.
 */
export function isOrdinary(args: readonly unknown[]): boolean {
  const [first, second] = args;
  const { text, name, values = second } = (typeof first === "string" ? { text: first } : first) as QueryForm;
  if (typeof text !== "string" || !readsOrWrites.test(text)) return false;
  // With a name or values it goes by the extended protocol, in which the server takes one statement only.
  return name !== undefined || (Array.isArray(values) && values.length > 0) || !goesOnAfterItsEnd.test(text);
}

/** The arguments as they are now: who asked may change the values before the statement is sent again. */
export function asAskedNow(args: readonly unknown[]): readonly unknown[] {
  const [first, second] = args;
  const asked: QueryForm = typeof first === "string" ? { text: first } : { ...(first as QueryForm) };
  const values = second ?? asked.values;
  return [Array.isArray(values) ? { ...asked, values: values.map(asItIsNow) } : asked];
}

/** What pg would send, where that is text, or a copy. */
function asItIsNow(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(asItIsNow);
  if (value instanceof Date) return new Date(value);
  if (ArrayBuffer.isView(value)) return Buffer.from(Buffer.from(value.buffer, value.byteOffset, value.byteLength));
  // It makes its own text when it is sent.
  if ("toPostgres" in value) return value;
  return JSON.stringify(value);
}
