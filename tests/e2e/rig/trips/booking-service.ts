import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { BookingAnswer, DroppingAnswer } from "./answers.ts";

type Asked = { readonly answer: BookingAnswer } | { readonly booking: string; readonly answer: DroppingAnswer };
type Reply = number | "reset" | "hang";

/** A service outside that answers as it is asked to, and keeps a ledger of what it was called for and what it did. */
export class BookingService implements AsyncDisposable {
  readonly #server = createServer((request, response) => {
    this.#answer(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  readonly #calls: string[] = [];
  readonly #booked = new Set<string>();
  /** Dropped before it was booked, or afterwards: it is never booked again. */
  readonly #voided = new Set<string>();

  static async start(): Promise<BookingService> {
    const service = new BookingService();
    await once(service.#server.listen(0, "127.0.0.1"), "listening");
    return service;
  }

  /** With a slash at its end. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  /** The idempotency keys that an operation called with, in their order; a repetition right after counts once. */
  callsOf(operationId: string): string[] {
    const calls = this.#calls.filter((key) => key.startsWith(`${operationId}:`));
    return calls.filter((key, at) => key !== calls[at - 1]);
  }

  /** The keys of all operations in the order of their calls; a repetition right after counts once. */
  get calls(): string[] {
    return this.#calls.filter((key, at, all) => key !== all[at - 1]);
  }

  /** The keys under which it is booked now. */
  bookedOf(operationId: string): string[] {
    return [...this.#booked].filter((key) => key.startsWith(`${operationId}:`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server.close(), "close");
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const asked = JSON.parse(Buffer.concat(chunks).toString("utf8")) as Asked;
    const key = String(request.headers["idempotency-key"]);
    const isFirst = !this.#calls.includes(key);
    this.#calls.push(key);
    const reply = "booking" in asked ? this.#drop(asked, isFirst) : this.#book(key, asked.answer, isFirst);
    if (reply === "hang") return;
    if (reply === "reset") return void request.socket.destroy();
    response.writeHead(reply).end();
  }

  #book(key: string, answer: BookingAnswer, isFirst: boolean): Reply {
    if (answer.startsWith("booked") && !this.#voided.has(key)) this.#booked.add(key);
    switch (answer) {
      case "booked":
        return 201;
      case "refused":
        return 409;
      case "timeout":
      case "booked-timeout":
        return "hang";
      case "reset":
      case "booked-reset":
        return "reset";
      case "unavailable":
      case "booked-unavailable":
        return 503;
      case "booked-reset-then-refused":
        return isFirst ? "reset" : 409;
    }
  }

  #drop({ booking, answer }: { booking: string; answer: DroppingAnswer }, isFirst: boolean): Reply {
    if (answer === "refused") return 403;
    if (answer === "flaky" && isFirst) return 503;
    this.#booked.delete(booking);
    this.#voided.add(booking);
    return 204;
  }
}
