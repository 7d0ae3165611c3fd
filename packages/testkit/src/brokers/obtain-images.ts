import { setTimeout as delay } from "node:timers/promises";

/** What of an engine is needed to have images there. */
export interface ImageStore {
  /** Does nothing when the image is there. */
  pull(image: string): Promise<unknown>;
  /** Throws when the image isn't there. */
  inspect(image: string): Promise<unknown>;
}

/**
 * Has the images there, pulling those that lack: all at once, for `timeoutMs` in all. What an engine still pulls then,
 * it goes on with.
 *
 * @returns why one can't be had; undefined when all are there
 */
export async function obtainImages(
  store: ImageStore,
  images: readonly string[],
  timeoutMs: number,
): Promise<string | undefined> {
  const ended = new AbortController();
  const timeout = delay(timeoutMs, `no ${images.join(" and ")} after ${timeoutMs / 1000} s`, { signal: ended.signal });
  try {
    return await Promise.race([obtainAll(store, images), timeout]);
  } finally {
    // The wait that isn't needed any more ends as a rejection, which is its normal end.
    timeout.catch(() => undefined);
    ended.abort();
  }
}

async function obtainAll(store: ImageStore, images: readonly string[]): Promise<string | undefined> {
  const reasons = await Promise.all(images.map((image) => obtain(store, image)));
  return reasons.find((reason) => reason !== undefined);
}

async function obtain(store: ImageStore, image: string): Promise<string | undefined> {
  try {
    await store.pull(image);
    // A download that breaks off is the end of a stream to testcontainers, no error.
    await store.inspect(image);
    return undefined;
  } catch (error) {
    return `${image}: ${error instanceof Error ? error.message.trim() : String(error)}`;
  }
}
