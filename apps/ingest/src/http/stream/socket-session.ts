import {
  limits,
  type StreamAnswer,
  type StreamListen,
  type StreamRequest,
  type StreamSubscribe,
  streamRequestSchema,
} from "@postback/contracts";
import { parseJsonBody } from "@postback/domain";
import type { Logger } from "@postback/runtime";
import type { RawData, WebSocket } from "ws";
import { type Caller, requireAnyScope } from "../../auth/known-keys.ts";
import type { Listeners, OpenedListener } from "../../listen/listeners.ts";
import type { EventFilter } from "../../push/event-filter.ts";
import type { OpenedStream } from "../../push/event-sink.ts";
import { openFeed } from "../../push/follow-feed.ts";
import type { Push } from "../../push/push.ts";
import { invalidInput, notFound, Refusal } from "../../refusal.ts";
import type { IngestStore } from "../../store.ts";
import { feedCursor, parsePatterns } from "../events/show-feed.ts";
import { fieldErrors } from "../field-errors.ts";
import { problemOf, refusalOf } from "../middleware/answer-problems.ts";
import { operationCursor } from "../operations/list-events.ts";
import { seenOperation } from "../operations/seen-operation.ts";
import { originalOf, unknownOperation } from "../operations/show-operation.ts";
import { SocketSender, SocketSink } from "./socket-sink.ts";

export interface SocketSessionOptions {
  push: Push;
  store: Pick<IngestStore, "loadOperation">;
  listeners: Pick<Listeners, "listen">;
  logger: Logger;
}

/** Requests of a client that wait, at most: each is answered before the next is looked at. */
const requestsMax = 100;
/** "Policy violation" (RFC 6455 §7.4.1). */
const policyViolation = 1008;

/** One client's WebSocket: its subscriptions, each with a name of the client's. */
export class SocketSession {
  readonly #options: SocketSessionOptions;
  readonly #socket: WebSocket;
  readonly #caller: Caller;
  readonly #sender: SocketSender;
  readonly #sinks = new Map<string, SocketSink>();
  readonly #listeners = new Map<string, OpenedListener>();
  #waiting = 0;
  #last: Promise<void> = Promise.resolve();

  constructor(options: SocketSessionOptions, socket: WebSocket, caller: Caller) {
    this.#options = options;
    this.#socket = socket;
    this.#caller = caller;
    this.#sender = new SocketSender(socket, (reason) => options.push.cut.inc({ reason }));
  }

  /** Resolves when the connection is closed. */
  async run(): Promise<void> {
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    this.#socket.on("message", (data, isBinary) => this.#receive(data, isBinary));
    this.#socket.once("close", () => resolve());
    // What a client breaks of the protocol closes the connection; 'close' follows.
    this.#socket.on("error", (error) => this.#options.logger.debug({ err: error }, "stream.socket-error"));
    await closed;
    for (const sink of this.#sinks.values()) sink.close();
    // What is being opened is there after it.
    await this.#last;
    await Promise.all([...this.#listeners.values()].map((each) => each.close()));
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (isBinary) return this.#refuse(undefined, new Refusal("malformed-json", "Send text, not bytes."));
    if (this.#waiting >= requestsMax) return void this.#socket.close(policyViolation, "too many requests at once");
    this.#waiting += 1;
    this.#last = this.#last.then(async () => {
      await this.#answer(data);
      this.#waiting -= 1;
    });
  }

  /** Never rejects: what is refused is told, and the connection stays. */
  async #answer(data: RawData): Promise<void> {
    let request: StreamRequest | undefined;
    try {
      request = readRequest(data);
      await this.#carryOut(request);
    } catch (error) {
      this.#refuse(request?.subscription, refusalOf(error, { route: "/v1/stream" }, this.#options.logger));
    }
  }

  async #carryOut(request: StreamRequest): Promise<void> {
    switch (request.type) {
      case "unsubscribe":
        return await this.#unsubscribe(request.subscription);
      case "answer":
        return this.#settle(request);
      case "listen":
        return await this.#listen(request);
      case "subscribe":
        return await this.#subscribe(request);
    }
  }

  /** @throws {Refusal} invalid-input, forbidden */
  async #listen({ subscription, types }: StreamListen): Promise<void> {
    this.#checkName(subscription);
    if (this.#listeners.size > 0) throw invalid("/type", "is one more than a connection has; use another");
    requireAnyScope(this.#caller, ["endpoints:write"]);
    if (parsePatterns(types) === undefined) throw invalid("/types", "must be patterns, like order.*");
    const opened = await this.#options.listeners.listen(this.#caller, types, (webhook) =>
      this.#sender.send({ type: "webhook", subscription, ...webhook }),
    );
    this.#listeners.set(subscription, opened);
    this.#sender.send({ type: "listening", subscription, endpoint: opened.endpoint });
  }

  /** An answer that came too late is nobody's: its attempt is told as one without an answer. */
  #settle({ subscription, webhook, status, body }: StreamAnswer): void {
    const opened = this.#listeners.get(subscription);
    if (opened === undefined) throw notFound("subscription");
    opened.listener.answer(webhook, { status, body });
  }

  #checkName(subscription: string): void {
    if (this.#sinks.has(subscription) || this.#listeners.has(subscription)) {
      throw invalid("/subscription", "names one that you have");
    }
    if (this.#sinks.size >= limits.streamSubscriptionsMax) {
      throw invalid("/subscription", `is one more than ${limits.streamSubscriptionsMax}; use another connection`);
    }
  }

  async #subscribe(request: StreamSubscribe): Promise<void> {
    const { subscription } = request;
    this.#checkName(subscription);
    const sink = new SocketSink(this.#sender, subscription);
    const stream = await this.#open(request);
    this.#sinks.set(subscription, sink);
    if (this.#socket.readyState !== this.#socket.OPEN) sink.close();
    this.#sender.send({ type: "subscribed", subscription });
    void this.#run(stream, sink, subscription);
  }

  #open(request: StreamSubscribe): Promise<OpenedStream> {
    return request.operation === undefined ? this.#openFeed(request) : this.#openOperation(request.operation, request);
  }

  async #openFeed({ types, entity, cursor }: StreamSubscribe): Promise<OpenedStream> {
    const { push } = this.#options;
    const { tenantId, partner } = this.#caller;
    const patterns = types && parsePatterns(types);
    if (types !== undefined && patterns === undefined) throw invalid("/types", "must be patterns, like order.*");
    const filter: EventFilter = { tenantId, partner, types: patterns, entity };
    const start = cursor === undefined ? "now" : { cursor: feedCursor(this.#options, tenantId, cursor) };
    return await openFeed(push.feed, filter, start);
  }

  async #openOperation(given: string, { types, entity, cursor }: StreamSubscribe): Promise<OpenedStream> {
    const { push, store } = this.#options;
    if (types !== undefined || entity !== undefined)
      throw invalid("/operation", "stands alone, without entity or types");
    const id = given.toLowerCase();
    const row = seenOperation(await store.loadOperation(this.#caller.tenantId, id), this.#caller);
    if (row === undefined) throw unknownOperation(id, Date.now());
    const original = await originalOf(store, this.#caller.tenantId, row);
    return await push.operations.open(
      original,
      cursor === undefined ? 0n : operationCursor(this.#options, original, cursor),
      this.#caller.partner,
    );
  }

  /** Never rejects. */
  async #run(stream: OpenedStream, sink: SocketSink, subscription: string): Promise<void> {
    try {
      await stream.run(sink);
    } catch (error) {
      this.#options.push.cut.inc({ reason: "failed" });
      this.#refuse(subscription, refusalOf(error, { route: "/v1/stream" }, this.#options.logger));
    }
    sink.close();
    if (this.#sinks.get(subscription) === sink) this.#sinks.delete(subscription);
  }

  async #unsubscribe(subscription: string): Promise<void> {
    const [sink, listener] = [this.#sinks.get(subscription), this.#listeners.get(subscription)];
    if (sink === undefined && listener === undefined) throw notFound("subscription");
    this.#sinks.delete(subscription);
    this.#listeners.delete(subscription);
    sink?.close();
    await listener?.close();
    this.#sender.send({ type: "unsubscribed", subscription });
  }

  #refuse(subscription: string | undefined, refusal: Refusal): void {
    const problem = problemOf(refusal.code, refusal);
    this.#sender.send({ type: "error", ...(subscription === undefined ? {} : { subscription }), problem });
  }
}

const invalid = (pointer: string, message: string): Refusal => invalidInput([{ pointer, message }]);

/** @throws {Refusal} malformed-json, invalid-input */
function readRequest(data: RawData): StreamRequest {
  const bytes = Array.isArray(data) ? Buffer.concat(data) : new Uint8Array(data);
  const parsed = parseJsonBody(bytes, { depthMax: limits.jsonDepthMax });
  if (!parsed.ok) throw new Refusal("malformed-json", parsed.problem.message);
  const request = streamRequestSchema.safeParse(parsed.value);
  if (!request.success) throw invalidInput(fieldErrors(request.error));
  return request.data;
}
