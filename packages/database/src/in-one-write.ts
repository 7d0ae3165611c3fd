import type { TransactionClient } from "./statement.ts";

/** What of a client's connection is used here; pg's types leave it out. */
interface Connected {
  readonly connection: { readonly stream: { cork(): void; uncork(): void } };
}

/**
 * All that `work` asks of the client goes to the server with one write, when it has ended. It must not wait for an
 * answer: nothing is sent before.
 */
export async function inOneWrite<T>(client: TransactionClient, work: () => Promise<T>): Promise<T> {
  const { stream } = (client as unknown as Connected).connection;
  stream.cork();
  try {
    return await work();
  } finally {
    stream.uncork();
  }
}
