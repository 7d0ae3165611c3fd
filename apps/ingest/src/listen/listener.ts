/** A webhook on its way to a receiver behind a connection. */
export interface RelayedWebhook {
  readonly webhook: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What the receiver answered. */
export interface RelayedAnswer {
  readonly status: number;
  readonly body?: string | undefined;
}

/** Below the time that the dispatcher gives an attempt (30 s), so that it hears why, milliseconds. */
const answerMaxMs = 28_000;
/** Webhooks that wait for their answers; the endpoint's concurrency is below it. */
const waitingMax = 16;

/** One client that listens: hands webhooks over and matches the answers. It holds no webhook longer than one attempt. */
export class Listener {
  readonly #send: (webhook: RelayedWebhook) => void;
  readonly #waiting = new Map<number, (answer: RelayedAnswer) => void>();
  #last = 0;
  #closed = false;

  constructor(send: (webhook: RelayedWebhook) => void) {
    this.#send = send;
  }

  /** Never rejects: 503 where too many wait, 504 where no answer came, 410 where the client is gone. */
  relay(headers: Readonly<Record<string, string>>, body: string): Promise<RelayedAnswer> {
    if (this.#closed) return Promise.resolve(gone);
    if (this.#waiting.size >= waitingMax) return Promise.resolve({ status: 503, body: "too many webhooks wait" });
    this.#last += 1;
    const webhook = this.#last;
    const { promise, resolve } = Promise.withResolvers<RelayedAnswer>();
    const late = setTimeout(() => this.answer(webhook, { status: 504, body: "no answer in time" }), answerMaxMs);
    this.#waiting.set(webhook, (answer) => {
      clearTimeout(late);
      resolve(answer);
    });
    this.#send({ webhook, headers, body });
    return promise;
  }

  /** @returns false for one that nobody waits for: it was answered, or it took too long */
  answer(webhook: number, answer: RelayedAnswer): boolean {
    const settle = this.#waiting.get(webhook);
    this.#waiting.delete(webhook);
    settle?.(answer);
    return settle !== undefined;
  }

  /** What is under way ends as a failure that is tried again; as long as the endpoint is there, what comes later ends it. */
  close(): void {
    this.#closed = true;
    for (const webhook of [...this.#waiting.keys()]) {
      this.answer(webhook, { status: 503, body: "the client has closed its connection" });
    }
  }
}

/** To a dispatcher it says: disable the endpoint at once (design §6). */
export const gone: RelayedAnswer = { status: 410, body: "nobody listens here any more" };
