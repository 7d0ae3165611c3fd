import type { OperationRow } from "@postback/database";
import { isUuidV7, timeOfUuidV7 } from "@postback/domain";
import type { Context } from "koa";
import { z } from "zod";
import { type Caller, requireScope } from "../../auth/known-keys.ts";
import { notFound, type Refusal, unavailable } from "../../refusal.ts";
import type { IngestStore } from "../../store.ts";
import type { Waits } from "../../waits/waits.ts";
import { idParam } from "../context.ts";
import { entityTag, isKnown, sendTagged } from "../entity-tag.ts";
import type { Handler } from "../middleware/authorize.ts";
import { readQuery } from "../page.ts";
import { clientGone, inWaitPlace, noWaitPlace, waitQuery } from "../waiting.ts";
import { presentOperation } from "./present-operation.ts";
import { presentStory, type StoryOptions } from "./present-story.ts";
import { seenOperation } from "./seen-operation.ts";

export interface ShowOperationOptions extends StoryOptions {
  store: StoryOptions["store"] & Pick<IngestStore, "loadOperation">;
  waits: Waits;
}

const query = { ...waitQuery, include: z.enum(["deliveries"]).optional() };

/**
 * An operation. With `?wait=N` the answer waits for its end; with If-None-Match too, for any change. What it shows may
 * run ahead of streams and webhooks, never behind.
 */
export function showOperation(options: ShowOperationOptions): Handler {
  return async (ctx, caller) => {
    const { wait, include } = readQuery(ctx.querystring, query);
    if (include !== undefined) requireScope(caller, "endpoints:read");
    const id = idParam(ctx, "id");
    if (id === undefined) throw notFound("operation");
    const present = async (row: OperationRow): Promise<string> =>
      JSON.stringify(include === undefined ? presentOperation(row) : await presentStory(options, row));
    const read = async () => {
      const found = await options.store.loadOperation(caller.tenantId, id);
      const row = seenOperation(found, caller);
      // Nothing to wait for: to whom it isn't shown it is unknown, and stays so.
      if (found !== undefined && row === undefined) throw unknownOperation(id, Date.now());
      return row && (await originalOf(options.store, caller.tenantId, row));
    };
    const json = await whenOver(options, ctx, caller, { id, wait, read, present });
    if (json === undefined) throw unknownOperation(id, Date.now());
    sendTagged(ctx, json);
  };
}

interface Reading {
  id: string;
  /** Seconds. */
  wait: number;
  read(): Promise<OperationRow | undefined>;
  present(row: OperationRow): Promise<string>;
}

/** @returns undefined when it is still unknown in the end */
async function whenOver(
  { waits }: ShowOperationOptions,
  ctx: Context,
  { tenantId, keyId }: Caller,
  { id, wait, read, present }: Reading,
): Promise<string | undefined> {
  const ifNoneMatch = ctx.req.headers["if-none-match"];
  let row = await read();
  let json = row && (await present(row));
  const isOver = () =>
    row === undefined || json === undefined
      ? unknownOperation(id, Date.now()).code === "not-found"
      : row.completedAt !== null || (ifNoneMatch !== undefined && !isKnown(ifNoneMatch, entityTag(json)));
  if (wait === 0 || isOver()) return json;

  const gone = clientGone(ctx);
  const untilMs = performance.now() + wait * 1000;
  const waited = await inWaitPlace(ctx, waits.places, keyId, async () => {
    for (let leftMs = wait * 1000; leftMs > 0 && !gone.aborted && !isOver(); leftMs = untilMs - performance.now()) {
      const before = row;
      await waits.operations.until(
        { tenantId, id },
        {
          isOver: (mark) =>
            mark !== undefined &&
            (mark.ended ||
              before === undefined ||
              (ifNoneMatch !== undefined &&
                (mark.version !== before.version || mark.updatedAt.getTime() !== before.updatedAt.getTime()))),
          timeoutMs: leftMs,
          signal: gone,
        },
      );
      row = await read();
      json = row && (await present(row));
      if (waits.closed) return;
    }
  });
  if (!waited) throw noWaitPlace();
  return json;
}

/** An operation that was answered 202 has its row at once, or soon, if Postgres is slow or was away. */
const rowWaitMaxMs = 60_000;

/** Never a false 404 (design §4): what may have been accepted a moment ago is not known yet, which is something else. */
export function unknownOperation(id: string | undefined, nowMs: number): Refusal {
  const isYoung = id !== undefined && isUuidV7(id) && Math.abs(nowMs - timeOfUuidV7(id)) < rowWaitMaxMs;
  return isYoung
    ? unavailable("This operation is not known here yet; if it was accepted, it soon will be.")
    : notFound("operation");
}

/** Every read of a twin shows the original, under the original's own id, and says so (design §4, Idempotency). */
export async function originalOf(
  store: Pick<IngestStore, "loadOperation">,
  tenantId: string,
  row: OperationRow,
): Promise<OperationRow> {
  if (row.duplicateOf === null) return row;
  const original = await store.loadOperation(tenantId, row.duplicateOf);
  if (original === undefined) throw notFound("operation");
  return { ...original, duplicateOf: original.id };
}
