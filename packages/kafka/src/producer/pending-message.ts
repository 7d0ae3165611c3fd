import type { KafkaError } from "../errors.ts";
import type { Acknowledged, OutgoingMessage } from "./message.ts";

/** A message that was accepted from the caller and isn't settled yet. */
export interface PendingMessage {
  readonly message: OutgoingMessage;
  readonly bytes: number;
  /** Monotonic, ms (`performance.now()`). */
  readonly deadlineMs: number;
  /** Whether it was ever part of a request: then its outcome can be unknown. */
  transmitted: boolean;
  settled: boolean;
  /** Why the last attempt failed. */
  lastError: unknown;
  acknowledge(acknowledged: Acknowledged): void;
  reject(error: KafkaError): void;
}

/**
 * Makes a pending message and the promise of its outcome.
 * @param onSettled called once, when the message no longer counts as waiting
 */
export function pendingMessage(
  message: OutgoingMessage,
  bytes: number,
  deadlineMs: number,
  onSettled: (pending: PendingMessage) => void,
): { pending: PendingMessage; outcome: Promise<Acknowledged> } {
  const { promise, resolve, reject } = Promise.withResolvers<Acknowledged>();
  const settle = (): boolean => {
    if (pending.settled) return false;
    pending.settled = true;
    onSettled(pending);
    return true;
  };
  const pending: PendingMessage = {
    message,
    bytes,
    deadlineMs,
    transmitted: false,
    settled: false,
    lastError: undefined,
    acknowledge: (acknowledged) => void (settle() && resolve(acknowledged)),
    reject: (error) => void (settle() && reject(error)),
  };
  return { pending, outcome: promise };
}
