import { setTimeout as sleep } from "node:timers/promises";
import type { Event } from "./api-types.ts";
import type { CallName, Connection } from "./connection.ts";
import { NoAnswer, ProblemError } from "./problem-error.ts";
import { readEventStream, type StreamBlock } from "./read-event-stream.ts";

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

/** Connections one after the other that bring nothing new, before it is given up. */
const resumesMax = 10;
const resumeDelayMs = 500;

/**
 * The events of a stream, over as many connections as it takes: each begins after the last event of the one before.
 * It ends when the server ends it.
 * @throws {NoStream} when the first answer is no stream, or none brings anything new any more; what `Connection` throws
 */
export async function* followEvents(
  connection: Connection,
  name: CallName,
  request: StreamRequest,
  signal: AbortSignal | undefined,
): AsyncGenerator<Told, void> {
  // A feed from now on has no place before its first block: begun again, it would pass over what was told meanwhile.
  const hasPlace = name !== "GET /v1/events" || (request.query?.["cursor"] ?? request.query?.["since"]) !== undefined;
  let lastId = "";
  for (let attempt = 1; attempt <= resumesMax; attempt += 1) {
    try {
      for await (const { id, event, data } of readOnce(connection, name, request, lastId, signal)) {
        if (id !== lastId) attempt = 0;
        lastId = id;
        if (event === "end") return;
        if (event === "resync") yield { kind: "resync" };
        else if (event === "message" && data !== undefined) {
          yield { kind: "event", event: JSON.parse(data) as Event, cursor: id };
        }
      }
      if (lastId === "" && !hasPlace) throw new NoStream("the stream ended before its first place");
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof StreamOver) return;
      const mayResume = lastId !== "" || (hasPlace && error instanceof BrokenOff);
      if (!mayResume || !isPassing(error)) throw error instanceof BrokenOff ? new NoStream(error.message) : error;
    }
    await sleep(resumeDelayMs, undefined, { signal });
  }
  throw new NoStream(`the stream broke off ${resumesMax} times without anything new`);
}

/** There is nothing after the last event, and nothing will come. */
class StreamOver extends Error {}

/** The connection was lost, or silent for too long. */
class BrokenOff extends Error {}

/** What a restart of the server looks like from here. */
const isPassing = (error: unknown): boolean =>
  error instanceof BrokenOff ||
  error instanceof NoAnswer ||
  (error instanceof ProblemError && (error.status === 503 || error.status === 429));

/** The blocks of one connection. */
async function* readOnce(
  connection: Connection,
  name: CallName,
  request: StreamRequest,
  lastId: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<StreamBlock, void> {
  const silence = new AbortController();
  const { streamSilenceMaxMs } = connection;
  const timer = setTimeout(
    () => silence.abort(new Error(`nothing came for ${streamSilenceMaxMs} ms`)),
    streamSilenceMaxMs,
  );
  const either = signal === undefined ? silence.signal : AbortSignal.any([signal, silence.signal]);
  try {
    const body = await open(connection, name, request, lastId, either);
    try {
      for await (const block of readEventStream(body)) {
        timer.refresh();
        yield block;
      }
    } catch (cause) {
      throw new BrokenOff(`the stream broke off: ${(cause as Error).message}`, { cause });
    }
  } finally {
    clearTimeout(timer);
  }
}

/** @throws {StreamOver} {NoStream} */
async function open(
  connection: Connection,
  name: CallName,
  request: StreamRequest,
  lastId: string,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  const header = { Accept: "text/event-stream", ...(lastId === "" ? {} : { "Last-Event-ID": lastId }) };
  const response = await connection.send(name, { ...request, header }, { signal, waitMs: Number.POSITIVE_INFINITY });
  if (response.status === 204) throw new StreamOver();
  if (response.headers.get("content-type")?.startsWith("text/event-stream") && response.body !== null) {
    return response.body;
  }
  await response.body?.cancel();
  throw new NoStream(`the answer is ${response.headers.get("content-type") ?? "empty"}, not a stream`);
}
