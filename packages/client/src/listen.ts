import type { Endpoint, Problem, StreamMessage, StreamRequest } from "./api-types.ts";
import { NoAnswer, ProblemError } from "./problem-error.ts";

/** A webhook as a dispatcher posted it: headers and body are what its signature is about. */
export interface IncomingWebhook {
  readonly headers: Readonly<Record<string, string>>;
  /** UTF-8, byte for byte. */
  readonly body: string;
}

/** What the receiver made of it; 2xx says that it has it. */
export interface WebhookAnswer {
  readonly status: number;
  readonly body?: string | undefined;
}

export interface ListenOptions {
  /** Patterns, `order.*`. */
  readonly types: readonly string[];
  /** Ends it, and the endpoint with it. */
  readonly signal: AbortSignal;
  /** The temporary endpoint, with its secret. */
  onListening(endpoint: Endpoint): void;
  /** Never rejects: what goes wrong is an answer too. */
  receive(webhook: IncomingWebhook): Promise<WebhookAnswer>;
}

/** Of an answer, as attempts show it. */
const answerMaxChars = 1024;
const subscription = "listen";

/**
 * Gets webhooks over a connection that is opened from here: a temporary endpoint, which is gone with the connection.
 * @throws {ProblemError} when it is refused, {NoAnswer} when the connection can't be made or is lost, the reason of `signal`
 */
export async function listen(url: string, apiKey: string, options: ListenOptions): Promise<never> {
  const { signal } = options;
  signal.throwIfAborted();
  const address = new URL(`${url.replace(/\/$/, "").replace(/^http/, "ws")}/v1/stream`);
  const socket = new WebSocket(address, { headers: { authorization: `Bearer ${apiKey}` } });
  const { promise: failed, reject } = Promise.withResolvers<never>();
  const send = (request: StreamRequest) => {
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(request));
  };
  socket.addEventListener("open", () => send({ type: "listen", subscription, types: options.types }));
  socket.addEventListener("message", ({ data }) => {
    const message = JSON.parse(String(data)) as StreamMessage;
    if (message.type === "error") reject(new ProblemError(message.problem satisfies Problem));
    else if (message.type === "listening") options.onListening(message.endpoint);
    else if (message.type === "webhook") void answer(message, options, send).catch(reject);
  });
  // The reason of an upgrade that was refused is not told by this interface.
  socket.addEventListener("error", ({ message }) => reject(new NoAnswer(address.origin, new Error(message))));
  socket.addEventListener("close", ({ code, reason }) =>
    reject(new NoAnswer(address.origin, new Error(`the connection was closed (${code}${reason && ` ${reason}`})`))),
  );
  const stop = () => reject(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await failed;
  } finally {
    signal.removeEventListener("abort", stop);
    socket.close();
  }
}

async function answer(
  { webhook, headers, body }: Extract<StreamMessage, { type: "webhook" }>,
  { receive }: ListenOptions,
  send: (request: StreamRequest) => void,
): Promise<void> {
  const made = await receive({ headers, body });
  const text = made.body === undefined ? {} : { body: made.body.slice(0, answerMaxChars) };
  send({ type: "answer", subscription, webhook, status: made.status, ...text });
}
