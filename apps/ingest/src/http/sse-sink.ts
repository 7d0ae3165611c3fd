import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { EventSink } from "../push/event-sink.ts";

/** What may wait in memory for one client, bytes; one that is further behind is cut off, and can resume. */
const bufferMaxBytes = 1024 * 1024;
/** How long a client that reads the past may take for what was sent, milliseconds. */
const drainMaxMs = 30_000;
/** How long a client may take for the rest after the end, milliseconds: a process that stops doesn't wait for the deaf. */
const endMaxMs = 5_000;
/** After which an EventSource connects again, milliseconds. */
const retryMs = 1_000;

/** Server-Sent Events (HTML Living Standard, §9.2). Events have no name, so that `onmessage` gets them all. */
export class SseSink implements EventSink {
  readonly #response: ServerResponse;
  readonly #onCut: (reason: string) => void;
  readonly #closing = new AbortController();
  #begun = false;

  /** @param onCut is told why a client was cut off */
  constructor(response: ServerResponse, onCut: (reason: string) => void) {
    this.#response = response;
    this.#onCut = onCut;
    response.once("close", () => this.#closing.abort());
    // A client that goes away while it is written to: its 'close' follows.
    response.on("error", () => this.#closing.abort());
  }

  get closed(): AbortSignal {
    return this.#closing.signal;
  }

  /** Sends the head. */
  begin(): void {
    if (this.closed.aborted) return;
    this.#begun = true;
    this.#response.writeHead(200, {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      // nginx and those like it would hold events back to fill their buffers.
      "x-accel-buffering": "no",
    });
    this.#write(`retry: ${retryMs}\n\n`);
  }

  event(json: string, cursor: string): void {
    this.#write(`id: ${cursor}\ndata: ${json}\n\n`);
  }

  resync(cursor: string): void {
    this.#write(`event: resync\nid: ${cursor}\ndata: {"reason":"beyond-retention"}\n\n`);
  }

  /** A block with an id and no data dispatches nothing and moves the last event id on (§9.2.6). */
  heartbeat(cursor: string): void {
    this.#write(`: heartbeat\nid: ${cursor}\n\n`);
  }

  end(cursor: string): void {
    this.#write(`event: end\nid: ${cursor}\ndata: {}\n\n`);
    this.close();
  }

  async drained(): Promise<void> {
    if (this.closed.aborted || !this.#response.writableNeedDrain) return;
    const signal = AbortSignal.any([this.closed, AbortSignal.timeout(drainMaxMs)]);
    try {
      await once(this.#response, "drain", { signal });
    } catch (error) {
      if (!signal.aborted) throw error;
      if (!this.closed.aborted) this.#cutOff();
    }
  }

  /** Ends the answer, once; the client may resume elsewhere. */
  close(): void {
    if (this.closed.aborted) return;
    this.#closing.abort();
    if (!this.#begun) return;
    this.#response.end();
    const tooLate = setTimeout(() => this.#response.destroy(), endMaxMs);
    this.#response.once("close", () => clearTimeout(tooLate));
  }

  #write(block: string): void {
    if (this.closed.aborted) return;
    this.#response.write(block);
    if (this.#response.writableLength > bufferMaxBytes) this.#cutOff();
  }

  /** Its connection is reset: what it hasn't read yet would only be kept for it. */
  #cutOff(): void {
    this.#onCut("slow");
    this.#closing.abort();
    this.#response.destroy();
  }
}
