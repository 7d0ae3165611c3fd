import { type Dispatcher, Pool } from "undici";

const answerTimeoutMs = 15_000;
const keepAliveMs = 60_000;

/** A status, or the code of the error that came in its place. */
export type Answer = number | string;

export type PostJson = (path: string, body: string, onAnswer: (answer: Answer) => void) => void;

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

/** Reads the status and throws the body away. */
class AnswerHandler implements Dispatcher.DispatchHandler {
  readonly #onAnswer: (answer: Answer) => void;
  #status = 0;

  constructor(onAnswer: (answer: Answer) => void) {
    this.#onAnswer = onAnswer;
  }

  onRequestStart(): void {}

  onResponseStart(_: Dispatcher.DispatchController, status: number): void {
    this.#status = status;
  }

  onResponseData(): void {}

  onResponseEnd(): void {
    this.#onAnswer(this.#status);
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#onAnswer("code" in error ? String(error.code) : error.name);
  }
}
