import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** A webhook as it came. */
export interface Received {
  readonly path: string;
  readonly webhookId: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly atMs: number;
}

export type Answer =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly delayMs?: number }
  /** Takes the request and never answers. */
  | "hang";

/** Decides an answer. @param count of the requests to this path, this one included */
export type Script = (received: Received, count: number) => Answer;

/** These answers one after another; the last one for ever. */
export const inTurn =
  (...answers: readonly [Answer, ...Answer[]]): Script =>
  (_, count) =>
    answers[Math.min(count, answers.length) - 1] ?? answers[0];

/** The same answer always. */
export const always =
  (answer: Answer): Script =>
  () =>
    answer;

const accept: Script = always({ status: 204 });

/** Partners on one HTTP server: each path is one of them, answers by its script, and keeps what it got. */
export class ScriptedReceiver implements AsyncDisposable {
  readonly #server = createServer((request, response) => {
    this.#receive(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  readonly #scripts = new Map<string, Script>();
  readonly #received = new Map<string, Received[]>();

  static async start(): Promise<ScriptedReceiver> {
    const receiver = new ScriptedReceiver();
    await once(receiver.#server.listen(0, "127.0.0.1"), "listening");
    return receiver;
  }

  /** The URL of a partner. Without a script it accepts everything with a 204. */
  partner(name: string, script: Script = accept): string {
    this.#scripts.set(`/${name}`, script);
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/${name}`;
  }

  /** What a partner got, in the order of arrival. */
  of(name: string): readonly Received[] {
    return this.#received.get(`/${name}`) ?? [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server.close(), "close");
    this.#server.closeAllConnections();
    await closed;
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const { url: path = "/" } = request;
    const headers = request.headers as Record<string, string>;
    const webhookId = headers["webhook-id"] ?? "";
    const received: Received = { path, webhookId, headers, body: Buffer.concat(chunks), atMs: Date.now() };
    const answer = (this.#scripts.get(path) ?? accept)(received, this.#keep(received));
    if (answer === "hang") return;
    if (answer.delayMs !== undefined) await sleep(answer.delayMs);
    response.writeHead(answer.status, answer.headers).end();
  }

  #keep(received: Received): number {
    const ofPath = this.#received.get(received.path) ?? [];
    this.#received.set(received.path, ofPath);
    return ofPath.push(received);
  }
}
