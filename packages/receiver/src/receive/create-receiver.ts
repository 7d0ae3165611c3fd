import { type Refused, type Verified, verifyWebhook, type WebhookToVerify } from "../verify/verify-webhook.ts";
import { type KeySource, parseKey, type VerifyingKey } from "../verify/verifying-key.ts";
import type { EventOf, WebhookEvent } from "../webhook-event.ts";
import { headerOf, type WebhookHeaders } from "../webhook-headers.ts";
import type { ReceivedStore } from "./received-store.ts";

/** How an event came. */
export interface Delivery<Tx = void> {
  /** The event's id: the same on each attempt and replay. */
  readonly webhookId: string;
  /** From 1; undefined of a sender that doesn't count. */
  readonly attempt: number | undefined;
  /** Of the replay that it belongs to; undefined of a live one. */
  readonly replayId: string | undefined;
  /** The store's transaction. */
  readonly tx: Tx;
}

/** One function for each type of event that matters. */
export type Handlers<Events, Tx> = {
  readonly [T in keyof Events & string]?: (
    event: Extract<EventOf<Events>, { type: T }>,
    delivery: Delivery<Tx>,
  ) => Promise<void> | void;
};

export interface ReceiverOptions<Events, Tx = void> {
  /** `whsec_…` or `whpk_…`, several while rotating, or where they come from. */
  readonly keys: string | readonly string[] | KeySource;
  readonly on: Handlers<Events, Tx>;
  /** Events of other types. Default: they are accepted, and nothing is done. */
  readonly otherwise?: (event: WebhookEvent, delivery: Delivery<Tx>) => Promise<void> | void;
  /** Remembers what was done. */
  readonly store: ReceivedStore<Tx>;
  /** Whether a replay is done again though its event was done before. Default false. */
  readonly repeatsReplays?: boolean;
  /** How far a timestamp may be from now, seconds. Default 300. */
  readonly toleranceSeconds?: number;
  /** A body may have. Default 1 MiB. */
  readonly bodyMaxBytes?: number;
  /** Told of what a handler, the store or a key source throws; it is answered with 500, so the webhook comes again. */
  readonly onError: (error: unknown) => void;
}

/** What to answer with. */
export interface Answer {
  readonly status: number;
  /** Plain text, for those who look at attempts. */
  readonly body: string;
}

/** Takes webhooks from whichever server: see the adapters. */
export interface WebhookReceiver {
  readonly bodyMaxBytes: number;
  /** Never rejects. 2xx: done, or done before. 400, 401, 413: not to be done. 500: send it again. */
  receive(webhook: WebhookToVerify): Promise<Answer>;
  /** The body could not be read: told like any other error. */
  failed(error: unknown): Answer;
}

const bodyMaxDefaultBytes = 1024 * 1024;
const done: Answer = { status: 204, body: "" };

/** @throws Error for a key that can't be read */
export function createReceiver<Events, Tx = void>(options: ReceiverOptions<Events, Tx>): WebhookReceiver {
  const { bodyMaxBytes = bodyMaxDefaultBytes, onError } = options;
  const source = keySourceOf(options.keys);
  const failed = (error: unknown): Answer => {
    onError(error);
    return { status: 500, body: "it could not be handled now" };
  };
  const receive = async (webhook: WebhookToVerify): Promise<Answer> => {
    if (bytesOf(webhook.body) > bodyMaxBytes) return { status: 413, body: `more than ${bodyMaxBytes} bytes` };
    try {
      const verified = await verifiedBy(source, webhook, options);
      if (!verified.ok) return answerTo(verified);
      await handleOnce(options, verified, webhook.headers);
      return done;
    } catch (error) {
      return failed(error);
    }
  };
  return { bodyMaxBytes, receive, failed };
}

const bytesOf = (body: Uint8Array | string): number =>
  typeof body === "string" ? Buffer.byteLength(body) : body.length;

function keySourceOf(keys: string | readonly string[] | KeySource): KeySource {
  if (typeof keys !== "string" && "refreshed" in keys) return keys;
  const parsed: readonly VerifyingKey[] = [keys].flat().map(parseKey);
  if (parsed.length === 0) throw new Error("a receiver needs a key");
  return { keys: async () => parsed, refreshed: async () => undefined };
}

async function verifiedBy(
  source: KeySource,
  webhook: WebhookToVerify,
  { toleranceSeconds }: { toleranceSeconds?: number | undefined },
): Promise<Verified | Refused> {
  const options = toleranceSeconds === undefined ? {} : { toleranceSeconds };
  const verified = verifyWebhook(webhook, await source.keys(), options);
  if (verified.ok || verified.reason !== "no-matching-signature") return verified;
  const newer = await source.refreshed();
  return newer === undefined ? verified : verifyWebhook(webhook, newer, options);
}

const answerTo = ({ reason, message }: Refused): Answer => ({
  status: reason === "missing-header" || reason === "malformed-timestamp" || reason === "not-json" ? 400 : 401,
  body: message,
});

async function handleOnce<Events, Tx>(
  { on, otherwise, store, repeatsReplays = false }: ReceiverOptions<Events, Tx>,
  { webhookId, event }: Verified,
  headers: WebhookHeaders,
): Promise<void> {
  const replayId = headerOf(headers, "postback-replay");
  const attempt = Number(headerOf(headers, "postback-attempt")) || undefined;
  const key = repeatsReplays && replayId !== undefined ? `${webhookId}:${replayId}` : webhookId;
  const handlers = on as Readonly<Record<string, typeof otherwise>>;
  const handle = Object.hasOwn(handlers, event.type) ? handlers[event.type] : otherwise;
  if (handle === undefined) return;
  await store.once(key, async (tx) => {
    await handle(event, { webhookId, attempt, replayId, tx });
  });
}
