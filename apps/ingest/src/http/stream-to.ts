import type { Logger } from "@postback/runtime";
import type { Context } from "koa";
import type { Caller } from "../auth/known-keys.ts";
import type { OpenedStream } from "../push/event-sink.ts";
import type { Push } from "../push/push.ts";
import { overloaded, type Refusal, unavailable } from "../refusal.ts";
import { SseSink } from "./sse-sink.ts";

export interface StreamToOptions {
  push: Push;
  logger: Logger;
}

/** Whether the client asks for Server-Sent Events. */
export const wantsStream = (ctx: Context): boolean =>
  ctx.method === "GET" && /\btext\/event-stream\b/.test(ctx.req.headers.accept ?? "");

export const tooManyStreams = (): Refusal =>
  overloaded("As many streams of this API key, or of this instance, are open as may. Close one, or ask for pages.");

/**
 * Answers with a stream of events and lets it run; the request itself is over with its head. What refuses a stream is
 * thrown before.
 * @throws {Refusal} overloaded, and what `open` throws
 */
export async function streamTo(
  { push, logger }: StreamToOptions,
  ctx: Context,
  caller: Caller,
  open: () => Promise<OpenedStream>,
): Promise<void> {
  const sink = new SseSink(ctx.res, (reason) => push.cut.inc({ reason }));
  const taken = push.streams.take(caller, ctx.req.headers.authorization, () => sink.close());
  if (typeof taken === "string") throw tooManyStreams();
  let stream: OpenedStream;
  try {
    stream = await open();
  } catch (error) {
    taken();
    throw error;
  }
  const isStopping = sink.closed.aborted;
  if (stream.isOver) {
    sink.close();
    // What an EventSource takes as the end: it comes no more (HTML, "server-sent events", §9.2.3).
    ctx.status = 204;
  } else if (!isStopping) {
    ctx.respond = false;
    ctx.status = 200;
    sink.begin();
  }
  void stream
    .run(sink)
    .catch((error: unknown) => {
      logger.warn({ err: error }, "stream.failed");
      push.cut.inc({ reason: "failed" });
    })
    .finally(() => {
      taken();
      sink.close();
    });
  if (isStopping) throw unavailable("This instance is stopping. Try again.");
}
