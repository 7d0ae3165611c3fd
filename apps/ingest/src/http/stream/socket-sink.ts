import { setTimeout as sleep } from "node:timers/promises";
import type { StreamMessage } from "@postback/contracts";
import type { WebSocket } from "ws";
import type { EventSink } from "../../push/event-sink.ts";

/** What may wait in memory for one client, bytes; one that is further behind is cut off, and can resume. */
const bufferMaxBytes = 1024 * 1024;
/** Reading the past goes on below this, bytes. */
const drainedBytes = 64 * 1024;
/** How long a client that reads the past may take for what was sent, milliseconds. */
const drainMaxMs = 30_000;
const drainEveryMs = 20;

/** Sends messages over a WebSocket, as long as the client takes them. */
export class SocketSender {
  readonly #socket: WebSocket;
  readonly #onCut: (reason: string) => void;

  constructor(socket: WebSocket, onCut: (reason: string) => void) {
    this.#socket = socket;
    this.#onCut = onCut;
  }

  send(message: StreamMessage): void {
    this.sendText(JSON.stringify(message));
  }

  sendText(text: string): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#socket.send(text);
    if (this.#socket.bufferedAmount > bufferMaxBytes) this.#cutOff();
  }

  async drained(closed: AbortSignal): Promise<void> {
    const untilMs = performance.now() + drainMaxMs;
    while (!closed.aborted && this.#socket.bufferedAmount > drainedBytes) {
      if (performance.now() > untilMs) return this.#cutOff();
      await sleep(drainEveryMs);
    }
  }

  /** Without a farewell: that would wait behind what the client doesn't take. */
  #cutOff(): void {
    this.#onCut("slow");
    this.#socket.terminate();
  }
}

/** One subscription's events over a WebSocket that it shares with others. */
export class SocketSink implements EventSink {
  readonly #sender: SocketSender;
  readonly #subscription: string;
  readonly #closing = new AbortController();

  constructor(sender: SocketSender, subscription: string) {
    this.#sender = sender;
    this.#subscription = subscription;
  }

  get closed(): AbortSignal {
    return this.#closing.signal;
  }

  event(json: string, cursor: string): void {
    if (this.closed.aborted) return;
    const head = JSON.stringify({ type: "event", subscription: this.#subscription, cursor });
    this.#sender.sendText(`${head.slice(0, -1)},"event":${json}}`);
  }

  resync(cursor: string): void {
    this.#send({ type: "resync", subscription: this.#subscription, cursor });
  }

  heartbeat(cursor: string): void {
    this.#send({ type: "heartbeat", subscription: this.#subscription, cursor });
  }

  end(cursor: string): void {
    this.#send({ type: "ended", subscription: this.#subscription, cursor });
    this.close();
  }

  drained(): Promise<void> {
    return this.#sender.drained(this.closed);
  }

  close(): void {
    this.#closing.abort();
  }

  #send(message: StreamMessage): void {
    if (!this.closed.aborted) this.#sender.send(message);
  }
}
