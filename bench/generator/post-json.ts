import { type Dispatcher, Pool } from "undici";

const answerTimeoutMs = 15_000;
const keepAliveMs = 60_000;

/** A status, or the code of the error that came in its place. */
export type Answer = number | string;

/** Of a batch: how each of its writes was answered. */
const acceptedNeedle = Buffer.from('{"status":202,');

/** `accepted`: how many writes of a batch were, by the answer's body; 0 of what isn't answered by results. */
export type OnAnswer = (answer: Answer, accepted: number) => void;
export type PostJson = (path: string, body: string, onAnswer: OnAnswer) => void;

/** Posts over kept-open connections, one request at a time on each; what finds none free waits for one. */
export function openPostJson(url: string, apiKey: string, connections: number): { post: PostJson } & AsyncDisposable {
  const pool = new Pool(url, {
    connections,
    pipelining: 1,
    headersTimeout: answerTimeoutMs,
    bodyTimeout: answerTimeoutMs,
    keepAliveTimeout: keepAliveMs,
  });
  const headers = ["authorization", `Bearer ${apiKey}`, "content-type", "application/json"];
  return {
    post: (path, body, onAnswer) => {
      pool.dispatch({ path, method: "POST", headers, body }, new AnswerHandler(onAnswer));
    },
    [Symbol.asyncDispose]: () => pool.close(),
  };
}

/** Reads the status, and counts what a batch's body says. */
class AnswerHandler implements Dispatcher.DispatchHandler {
  readonly #onAnswer: OnAnswer;
  #status = 0;
  readonly #body: Buffer[] = [];

  constructor(onAnswer: OnAnswer) {
    this.#onAnswer = onAnswer;
  }

  onRequestStart(): void {}

  onResponseStart(_: Dispatcher.DispatchController, status: number): void {
    this.#status = status;
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    // Only batches are answered 200: what single writes are answered needs no look.
    if (this.#status === 200) this.#body.push(chunk);
  }

  onResponseEnd(): void {
    this.#onAnswer(this.#status, countIn(this.#body));
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#onAnswer("code" in error ? String(error.code) : error.name, 0);
  }
}

function countIn(chunks: readonly Buffer[]): number {
  if (chunks.length === 0) return 0;
  const body = Buffer.concat(chunks);
  let count = 0;
  for (let at = body.indexOf(acceptedNeedle); at >= 0; at = body.indexOf(acceptedNeedle, at + acceptedNeedle.length)) {
    count += 1;
  }
  return count;
}
