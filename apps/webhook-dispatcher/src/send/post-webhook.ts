import { type AttemptOutcome, parseRetryAfter } from "@postback/domain";
import type { Dispatcher } from "undici";
import type { AgentPool, EndpointAgent, PostTarget } from "./agent-pool.ts";
import { outcomeOfError } from "./outcome-of-error.ts";
import { type CappedAnswer, createCappedAnswer } from "./read-capped.ts";

export type WebhookPost = {
  readonly agents: AgentPool;
  readonly endpoint: PostTarget;
  /** Of this attempt: `webhook-id`, `webhook-timestamp`, `webhook-signature`, … in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Exactly the bytes that were signed. */
  readonly body: Buffer;
};

/** One request to an endpoint, and who is told of the answer's status and headers when they come. */
export type EndpointRequest = Omit<WebhookPost, "body"> & {
  readonly method: "POST" | "OPTIONS";
  readonly body: Buffer | null;
  readonly onAnswer?: (status: number, headers: ResponseHeaders) => void;
};

export type AttemptResult = {
  readonly outcome: AttemptOutcome;
  /** From the call to the end of the answer, DNS and connecting included. */
  readonly durationMs: number;
  /** The first 1 KiB of the answer, where there was one. */
  readonly response?: string;
};

/** The receiver answered. */
type Answered = Extract<AttemptOutcome, { status: number }>;

type ResponseHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Answers before the answer (102, 103) that are put up with; a receiver could send them for ever. */
const INFORMATIONAL_MAX = 16;
/** Handed to undici when an attempt is over and its connection must go; made once, since nobody reads its stack. */
const ATTEMPT_OVER = new Error("the attempt is over");

/**
 * One POST to one endpoint. Never rejects, never follows a redirect, never reads more than 16 KiB of the answer.
 *
 * A status other than 2xx counts as soon as it is there, however the rest of the answer ends. A 2xx counts when its
 * answer has ended or run past the cap: a receiver that dies or dawdles in the middle of it hasn't confirmed anything.
 */
export function postWebhook(webhook: WebhookPost): Promise<AttemptResult> {
  return requestOnce({ ...webhook, method: "POST" });
}

/** As {@link postWebhook}, with any method; the same guard, bounds and deadline. */
export function requestOnce(request: EndpointRequest): Promise<AttemptResult> {
  const { agents, endpoint, headers, method, body, onAnswer } = request;
  const agent = agents.acquire(endpoint);
  if ("blocked" in agent) {
    return Promise.resolve({ outcome: { kind: "blocked", reason: agent.blocked }, durationMs: 0 });
  }
  return new Promise((resolve) => {
    const attempt = new Attempt(agent, endpoint.timeoutMs, resolve, onAnswer);
    const allHeaders = agent.headers.slice();
    for (const name in headers) allHeaders.push(name, headers[name] ?? "");
    agent.pool.dispatch({ method, path: agent.path, headers: allHeaders, body }, attempt);
  });
}

/** Hears from undici how the request goes, and ends it: once, whatever comes after. */
class Attempt implements Dispatcher.DispatchHandler {
  readonly #agent: EndpointAgent;
  readonly #resolve: (result: AttemptResult) => void;
  readonly #startedAtMs = performance.now();
  readonly #deadline: NodeJS.Timeout;
  readonly #onAnswer: EndpointRequest["onAnswer"];
  #controller: Dispatcher.DispatchController | undefined;
  #answered: Answered | undefined;
  #answer: CappedAnswer | undefined;
  #informational = 0;
  #over = false;

  constructor(
    agent: EndpointAgent,
    timeoutMs: number,
    resolve: (result: AttemptResult) => void,
    onAnswer: EndpointRequest["onAnswer"],
  ) {
    this.#agent = agent;
    this.#onAnswer = onAnswer;
    this.#resolve = resolve;
    this.#deadline = setTimeout(endByDeadline, timeoutMs, this);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // Its deadline came while it waited for a connection: it must not be sent any more.
    if (this.#over) controller.abort(ATTEMPT_OVER);
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: ResponseHeaders): void {
    if (status >= 200) {
      this.#answered = answeredWith(status, headers);
      this.#onAnswer?.(status, headers);
    } else if (++this.#informational > INFORMATIONAL_MAX) {
      this.cutOff({ kind: "unreachable", cause: "protocol" });
    }
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#answer ??= createCappedAnswer();
    if (!this.#answer.take(chunk) && this.#answered) this.cutOff(this.#answered);
  }

  onResponseEnd(): void {
    if (this.#answered) this.#end(this.#answered);
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    this.#end(this.#answered?.kind === "refused" ? this.#answered : outcomeOfError(error));
  }

  /** Ends the attempt before the answer has, and its connection with it. */
  cutOff(outcome: AttemptOutcome): void {
    this.#end(this.#answered?.kind === "refused" ? this.#answered : outcome);
    this.#controller?.abort(ATTEMPT_OVER);
  }

  #end(outcome: AttemptOutcome): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#deadline);
    this.#agent.inFlight--;
    const durationMs = Math.round(performance.now() - this.#startedAtMs);
    const response = this.#answer?.text();
    this.#resolve(response === undefined ? { outcome, durationMs } : { outcome, durationMs, response });
  }
}

function endByDeadline(attempt: Attempt): void {
  attempt.cutOff({ kind: "unreachable", cause: "timeout" });
}

function answeredWith(status: number, headers: ResponseHeaders): Answered {
  if (status < 300) return { kind: "accepted", status };
  const retryAfter = status === 429 || status === 503 ? headers["retry-after"] : undefined;
  const value = typeof retryAfter === "string" ? retryAfter : retryAfter?.[0];
  const retryAfterMs = value === undefined ? undefined : parseRetryAfter(value, new Date());
  return retryAfterMs === undefined ? { kind: "refused", status } : { kind: "refused", status, retryAfterMs };
}
