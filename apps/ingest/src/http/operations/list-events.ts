import type { OperationRow } from "@postback/database";
import type { Context } from "koa";
import { withId } from "../../push/log-event.ts";
import { isSeenBy } from "../../push/seen-by.ts";
import type { IngestStore } from "../../store.ts";
import { idParam, sendJson } from "../context.ts";
import { cursorRefused, lastEventId } from "../events/show-feed.ts";
import type { Handler } from "../middleware/authorize.ts";
import { type StreamToOptions, streamTo, wantsStream } from "../stream-to.ts";
import { seenOperation } from "./seen-operation.ts";
import { originalOf, unknownOperation } from "./show-operation.ts";

export interface ListEventsOptions extends StreamToOptions {
  store: Pick<IngestStore, "loadOperation" | "listOperationEvents">;
}

/** An operation tells a handful of events; more than this are not shown. */
const eventsMax = 1_000;

/**
 * What an operation has told, in order; as a stream, also what it tells until it ends. The bodies are put into the answer
 * as they were sent.
 */
export function listEvents(options: ListEventsOptions): Handler {
  const { store, push } = options;
  return async (ctx, caller) => {
    const id = idParam(ctx, "id");
    const row = seenOperation(id === undefined ? undefined : await store.loadOperation(caller.tenantId, id), caller);
    if (row === undefined) throw unknownOperation(id, Date.now());
    const original = await originalOf(store, caller.tenantId, row);
    if (wantsStream(ctx)) {
      const after = afterOf(options, ctx, original);
      return await streamTo(options, ctx, caller, () => push.operations.open(original, after, caller.partner));
    }
    const events = await store.listOperationEvents(caller.tenantId, original.id, eventsMax);
    const seen = events.filter((event) => isSeenBy(caller.partner, event));
    sendJson(ctx, 200, `{"data":[${seen.map(({ id, body }) => withId(id, body)).join(",")}]}`);
  };
}

const afterOf = (options: ListEventsOptions, ctx: Context, row: OperationRow): bigint => {
  const text = lastEventId(ctx);
  return text === undefined ? 0n : operationCursor(options, row, text);
};

/**
 * The number of the last event that the client has.
 * @throws {Refusal} invalid-cursor
 */
export function operationCursor({ push }: Pick<StreamToOptions, "push">, row: OperationRow, text: string): bigint {
  const cursor = push.feed.seal.read("operation", row.tenantId, text);
  const position = cursor?.positions.get(row.partition);
  if (position === undefined) throw cursorRefused();
  return position.number;
}
