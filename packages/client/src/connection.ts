import { setTimeout as sleep } from "node:timers/promises";
import type { Calls, Problem } from "./api-types.ts";
import { NoAnswer, ProblemError, UnexpectedAnswer } from "./problem-error.ts";
import { defaultRetry, type Failure, parseRetryAfter, type RetryPolicy, retryDelayMs } from "./retry.ts";

export interface ConnectionOptions {
  /** Of ingest, without `/v1`: `https://postback.example.com`. */
  readonly url: string;
  readonly apiKey: string;
  readonly retry?: Partial<RetryPolicy>;
  /** For one request without a wait, milliseconds; default 30,000. */
  readonly timeoutMs?: number;
  /** After so long without a sign of life a stream is opened anew, milliseconds; default 45,000: three signs. */
  readonly streamSilenceMaxMs?: number;
  readonly fetch?: typeof globalThis.fetch;
}

export type CallName = keyof Calls;
type Field<N extends CallName, F extends string> = F extends keyof Calls[N] ? Calls[N][F] : never;
/** What goes into a call: its path, query, headers and body, as far as it has them. */
export type RequestOf<N extends CallName> = Omit<Calls[N], "answer">;
export type AnswerOf<N extends CallName> = Field<N, "answer">;

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** What the server may wait before it answers, milliseconds; the time-out comes after it. Infinity: `signal` alone ends it. */
  readonly waitMs?: number;
}

/** A request with all its parts, as no call has them at once. */
interface AnyRequest {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly header?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
}

/** Sends calls to one Postback, and again where that is safe. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #retry: RetryPolicy;
  readonly #fetch: typeof globalThis.fetch;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#retry = { ...defaultRetry, ...options.retry };
    this.#fetch = options.fetch ?? globalThis.fetch;
  }

  get streamSilenceMaxMs(): number {
    return this.#options.streamSilenceMaxMs ?? 45_000;
  }

  /**
   * Any call of the API, typed by its method and path.
   * @throws {ProblemError} when it is refused, {UnexpectedAnswer}, {NoAnswer}, or the reason of `signal`
   */
  async call<N extends CallName>(name: N, request: RequestOf<N>, options: CallOptions = {}): Promise<AnswerOf<N>> {
    const response = await this.send(name, request as AnyRequest, options);
    return (await readJson(response)) as AnswerOf<N>;
  }

  /** The same for an answer that isn't JSON, or whose headers matter. */
  async send(name: CallName, request: AnyRequest, options: CallOptions = {}): Promise<Response> {
    const repeatable = isRepeatable(name, request);
    for (let attempt = 1; ; attempt += 1) {
      const { response, failure, error } = await this.#once(name, request, options);
      if (response !== undefined) return response;
      const delayMs = retryDelayMs(attempt, failure, repeatable, this.#retry, Math.random());
      if (delayMs === undefined) throw error;
      await sleep(delayMs, undefined, { signal: options.signal });
    }
  }

  async #once(name: CallName, request: AnyRequest, { signal, waitMs = 0 }: CallOptions): Promise<Outcome> {
    const [method = "GET", template = ""] = name.split(" ");
    const url = new URL(this.#options.url.replace(/\/$/, "") + filled(template, request));
    const timeoutMs = (this.#options.timeoutMs ?? 30_000) + waitMs;
    const signals = [signal, Number.isFinite(timeoutMs) ? AbortSignal.timeout(timeoutMs) : undefined];
    let response: Response;
    try {
      response = await this.#fetch(url, {
        method,
        headers: this.#headers(request),
        redirect: "error",
        signal: AbortSignal.any(signals.filter((each) => each !== undefined)),
        ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      });
    } catch (error) {
      signal?.throwIfAborted();
      return { failure: { kind: "no-answer" }, error: new NoAnswer(url.origin, error) };
    }
    if (response.ok || response.status === 304) return { response };
    return await refusalOf(url, response);
  }

  #headers({ header = {}, body }: AnyRequest): Headers {
    const headers = new Headers({ authorization: `Bearer ${this.#options.apiKey}`, accept: "application/json" });
    if (body !== undefined) headers.set("content-type", "application/json");
    for (const [name, value] of Object.entries(header)) if (value !== undefined) headers.set(name, value);
    return headers;
  }
}

type Outcome =
  | { response: Response; failure?: never; error?: never }
  | { response?: never; failure: Failure; error: Error };

async function refusalOf(url: URL, response: Response): Promise<Outcome> {
  const { status, headers } = response;
  const retryAfterMs = parseRetryAfter(headers.get("retry-after"), Date.now());
  const failure: Failure = { kind: "refused", status, retryAfterMs };
  const type = headers.get("content-type") ?? "no content type";
  const text = await response.text();
  if (!type.startsWith("application/problem+json")) {
    return { failure, error: new UnexpectedAnswer(url.origin + url.pathname, status, type) };
  }
  return { failure, error: new ProblemError(JSON.parse(text) as Problem, retryAfterMs) };
}

async function readJson(response: Response): Promise<unknown> {
  if (response.status === 204 || response.status === 304) return undefined;
  const type = response.headers.get("content-type") ?? "no content type";
  if (type.startsWith("application/json")) return await response.json();
  await response.body?.cancel();
  throw new UnexpectedAnswer(response.url, response.status, type);
}

/** Whether the same request twice does what one does: reads and settings by themselves, writes by their key or id. */
function isRepeatable(name: CallName, { header = {}, body }: AnyRequest): boolean {
  if (!name.startsWith("POST ")) return true;
  if (header["Idempotency-Key"] !== undefined || name === "POST /v1/operation-ids") return true;
  if (name === "POST /v1/operations/batch") return (body as Calls[typeof name]["body"]).operations.every(isNamed);
  return isNamed(body);
}

/** A write that has an id or a key of the client's is found again, not made again. */
const isNamed = (write: unknown): boolean =>
  typeof write === "object" &&
  write !== null &&
  (("id" in write && write.id !== undefined) || ("idempotencyKey" in write && write.idempotencyKey !== undefined));

function filled(template: string, { path = {}, query = {} }: AnyRequest): string {
  const filledIn = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => inPath(name, path[name]));
  const given = Object.entries(query).filter(
    (entry): entry is [string, string | number | boolean] => entry[1] !== undefined,
  );
  const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
  return search.size === 0 ? filledIn : `${filledIn}?${search}`;
}

/** A part of a path. Nothing, `.` and `..` would lead to another call, however they are encoded (WHATWG URL §4.4). */
function inPath(name: string, value: string | undefined): string {
  if (value === undefined || /^\.{0,2}$/.test(value)) throw new TypeError(`"${value ?? ""}" is no ${name}`);
  return encodeURIComponent(value);
}
