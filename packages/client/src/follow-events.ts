import { setTimeout as sleep } from "node:timers/promises";
import type { Event } from "./api-types.ts";
import type { CallName, Connection } from "./connection.ts";
import { readEventStream } from "./read-event-stream.ts";

export interface StreamRequest {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | undefined>>;
}

/** What a stream tells: an event, or that events before this place are lost to the reader. */
export type Told =
  | { readonly kind: "event"; readonly event: Event; readonly cursor: string }
  | { readonly kind: "resync" };

/** The stream can't be had: whoever can, asks in another way. */
export class NoStream extends Error {
  override readonly name = "NoStream";
}

/** Tries to open it again, one after the other without anything new in between. */
const resumesMax = 10;
const resumeDelayMs = 500;

/**
 * The events of a stream, over as many connections as it takes: each begins after the last event of the one before.
 * It ends when the server ends it.
 * @throws {NoStream} when the first answer is none; what `Connection` throws when it can't be resumed
 */
export async function* followEvents(
  connection: Connection,
  name: CallName,
  request: StreamRequest,
  signal: AbortSignal | undefined,
): AsyncGenerator<Told, void> {
  let lastId = "";
  for (let resumes = 0; resumes < resumesMax; resumes += 1) {
    const response = await open(connection, name, request, lastId, signal);
    if (response === undefined) return;
    try {
      for await (const { id, event, data } of readEventStream(response)) {
        if (id !== lastId) resumes = 0;
        lastId = id;
        if (event === "end") return;
        if (event === "resync") yield { kind: "resync" };
        else if (event === "message" && data !== undefined) {
          yield { kind: "event", event: JSON.parse(data) as Event, cursor: id };
        }
      }
    } catch (error) {
      signal?.throwIfAborted();
      if (lastId === "" || error instanceof SyntaxError) throw error;
    }
    await sleep(resumeDelayMs, undefined, { signal });
  }
  throw new NoStream(`the stream broke off ${resumesMax} times without anything new`);
}

/** @returns `undefined` when there is nothing after the last event */
async function open(
  connection: Connection,
  name: CallName,
  request: StreamRequest,
  lastId: string,
  signal: AbortSignal | undefined,
): Promise<AsyncIterable<Uint8Array> | undefined> {
  const header = { Accept: "text/event-stream", ...(lastId === "" ? {} : { "Last-Event-ID": lastId }) };
  const response = await connection.send(name, { ...request, header }, { signal, waitMs: streamMaxMs });
  if (response.status === 204) return undefined;
  if (response.headers.get("content-type")?.startsWith("text/event-stream") && response.body !== null) {
    return response.body;
  }
  await response.body?.cancel();
  throw new NoStream(`the answer is ${response.headers.get("content-type") ?? "empty"}, not a stream`);
}

/** A connection that is older is opened anew and resumed: a peer that is gone without a word is not waited for longer. */
const streamMaxMs = 10 * 60_000;
