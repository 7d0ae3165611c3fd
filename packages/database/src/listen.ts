import pRetry from "p-retry";
import pg from "pg";
import type { DatabaseLogger } from "./open-database.ts";

export interface ListenOptions {
  url: string;
  channel:
    | "postback_subscriptions"
    | "postback_keys"
    | "postback_requests"
    | "postback_outbox"
    | "postback_step_results"
    | "postback_pauses";
  /** Also called after each (re)connection, because what was told meanwhile is lost. */
  onNotify(payload: string | undefined): void;
  logger: DatabaseLogger;
  signal: AbortSignal;
}

const reconnectMaxMs = 5_000;

/**
 * Listens on a channel over a connection of its own until the signal is aborted; connects again when it is lost. Who
 * listens must also look by itself from time to time: a notification is a hint, not a promise.
 */
export async function listen(options: ListenOptions): Promise<void> {
  const { signal, logger, channel } = options;
  while (!signal.aborted) {
    try {
      await pRetry(() => listenOnce(options), {
        retries: Number.POSITIVE_INFINITY,
        minTimeout: 100,
        maxTimeout: reconnectMaxMs,
        signal,
      });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    if (!signal.aborted) logger.warn({ name: channel }, "database.listener_lost");
  }
}

/** Resolves when a connection that was there is lost, or the signal is aborted; rejects when there was none. */
async function listenOnce({ url, channel, onNotify, signal }: ListenOptions): Promise<void> {
  const client = new pg.Client({
    connectionString: url,
    application_name: `postback listener ${channel}`,
    keepAlive: true,
  });
  const { promise: lost, resolve } = Promise.withResolvers<void>();
  client.on("error", () => resolve());
  client.on("end", () => resolve());
  client.on("notification", ({ payload }) => onNotify(payload));
  const stop = () => resolve();
  signal.addEventListener("abort", stop, { once: true });
  try {
    await client.connect();
    await client.query(`LISTEN ${channel}`);
    onNotify(undefined);
    await lost;
  } finally {
    signal.removeEventListener("abort", stop);
    await client.end();
  }
}
