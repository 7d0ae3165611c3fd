import type { TransactionClient } from "./statement.ts";
import { streamOf } from "./stream-of.ts";

/**
 * All that `work` asks of the client goes to the server with one write, when it has ended. It must not wait for an
 * answer: nothing is sent before.
 */
export async function inOneWrite<T>(client: TransactionClient, work: () => Promise<T>): Promise<T> {
  const stream = streamOf(client);
  stream.cork();
  try {
    return await work();
  } finally {
    stream.uncork();
  }
}
