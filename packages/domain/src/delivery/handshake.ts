/** What a receiver said to the question whether it wants webhooks (CloudEvents HTTP webhook 1.0.2 §4). */
export type Consent =
  /** Null: it names no limit. */
  { readonly given: true; readonly ratePerSecond: number | null } | { readonly given: false; readonly reason: string };

/** Fields of the answer, in lower case. */
export type HandshakeAnswer = Readonly<Record<string, string | readonly string[] | undefined>>;

const DELAYS_SECONDS = [5, 60, 600];
const SECONDS_PER_MINUTE = 60;
const PER_MINUTE = /^[1-9]\d{0,8}$/;

/**
 * Whether an answer is consent. By the header alone: the specification has it that a status says nothing, because any
 * site may answer OPTIONS with 200 (§4.2).
 * @param origin as it was in `WebHook-Request-Origin`
 */
export function judgeConsent(answer: HandshakeAnswer, origin: string): Consent {
  const allowed = singleOf(answer["webhook-allowed-origin"]);
  if (allowed === undefined) return { given: false, reason: "the answer has no WebHook-Allowed-Origin" };
  if (allowed !== "*" && allowed.toLowerCase() !== origin.toLowerCase()) {
    return { given: false, reason: "WebHook-Allowed-Origin is another than ours" };
  }
  const rate = singleOf(answer["webhook-allowed-rate"]);
  if (rate === undefined || rate === "*") return { given: true, ratePerSecond: null };
  // A limit that can't be kept must not be taken for none.
  if (!PER_MINUTE.test(rate))
    return { given: false, reason: "WebHook-Allowed-Rate is neither * nor a positive integer" };
  return { given: true, ratePerSecond: Number(rate) / SECONDS_PER_MINUTE };
}

/** `WebHook-Request-Rate` of an endpoint with a rate of its own, in requests per minute (§4.1.4). */
export const requestedRate = (ratePerSecond: number): string =>
  String(Math.max(1, Math.floor(ratePerSecond * SECONDS_PER_MINUTE)));

/**
 * How long until a receiver that did not agree is asked again, milliseconds; undefined after the last attempt. It is
 * asked more than once since an endpoint is often registered right before its receiver is there.
 * @param attempt that has failed, from 1
 */
export function delayBeforeHandshake(attempt: number): number | undefined {
  const seconds = DELAYS_SECONDS[attempt - 1];
  return seconds === undefined ? undefined : seconds * 1000;
}

function singleOf(value: string | readonly string[] | undefined): string | undefined {
  const values = typeof value === "string" ? [value] : (value ?? []);
  return values.length === 1 ? values[0]?.trim() : undefined;
}
