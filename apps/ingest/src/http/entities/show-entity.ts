import { type EntityState, entitySchema, limits } from "@postback/contracts";
import type { EntityMark, OperationMark } from "@postback/database";
import type { Context } from "koa";
import { z } from "zod";
import type { Caller } from "../../auth/known-keys.ts";
import { notFound, Refusal } from "../../refusal.ts";
import type { IngestStore } from "../../store.ts";
import type { Waits } from "../../waits/waits.ts";
import { pathParam } from "../context.ts";
import { entityTag, isKnown, sendTagged } from "../entity-tag.ts";
import type { Handler } from "../middleware/authorize.ts";
import { presentOperation } from "../operations/present-operation.ts";
import { unknownOperation } from "../operations/show-operation.ts";
import { readQuery } from "../page.ts";
import { clientGone, inWaitPlace, noWaitPlace, waitQuery } from "../waiting.ts";

export interface ShowEntityOptions {
  store: Pick<IngestStore, "loadEntityMarks" | "loadOperationMarks" | "loadOperation">;
  waits: Waits;
}

const query = { ...waitQuery, after: z.uuid().toLowerCase().optional() };

interface Asked {
  tenantId: string;
  entity: EntityState["entity"];
  after: string | undefined;
}

/**
 * Read your writes: whether anything of an entity is pending, and, with `?wait=N`, an answer only when nothing is. With
 * `after` it is about that one operation, and exact: it counts also where its row isn't written yet, because it was taken
 * while Postgres was away. Without, what has no row yet isn't seen.
 */
export function showEntity(options: ShowEntityOptions): Handler {
  return async (ctx, caller) => {
    const { wait, after } = readQuery(ctx.querystring, query);
    const parsed = entitySchema.safeParse({ type: pathParam(ctx, "type"), id: pathParam(ctx, "id") });
    if (!parsed.success) throw notFound("entity");
    const asked = { tenantId: caller.tenantId, entity: parsed.data, after };
    sendTagged(ctx, JSON.stringify(await whenSettled(options, ctx, caller, asked, wait)));
  };
}

async function whenSettled(
  options: ShowEntityOptions,
  ctx: Context,
  { keyId }: Caller,
  asked: Asked,
  wait: number,
): Promise<EntityState> {
  const ifNoneMatch = ctx.req.headers["if-none-match"];
  let { state, change } = await read(options, asked);
  const isNews = () => ifNoneMatch !== undefined && !isKnown(ifNoneMatch, entityTag(JSON.stringify(state)));
  // A settled entity may change again; an operation that has ended never does.
  const isOver = () => isNews() || (state.settled && (ifNoneMatch === undefined || asked.after !== undefined));
  if (wait === 0 || isOver()) return state;

  const { places } = options.waits;
  const gone = clientGone(ctx);
  const untilMs = performance.now() + wait * 1000;
  const waited = await inWaitPlace(ctx, places, keyId, async () => {
    for (let leftMs = wait * 1000; leftMs > 0 && !gone.aborted && !isOver(); leftMs = untilMs - performance.now()) {
      await untilItMoves(options, asked, {
        change,
        anyChange: ifNoneMatch !== undefined,
        timeoutMs: leftMs,
        signal: gone,
      });
      ({ state, change } = await read(options, asked));
      if (options.waits.closed) return;
    }
  });
  if (!waited) throw noWaitPlace();
  return state;
}

interface Moving {
  /** Of what the client has. */
  change: string;
  anyChange: boolean;
  timeoutMs: number;
  signal: AbortSignal;
}

async function untilItMoves(
  { waits }: ShowEntityOptions,
  { tenantId, entity, after }: Asked,
  { change, anyChange, ...until }: Moving,
): Promise<void> {
  if (after !== undefined && !anyChange) {
    return waits.operations.until({ tenantId, id: after }, { ...until, isOver: (mark) => mark?.ended === true });
  }
  const isOver = (mark: EntityMark | undefined) =>
    mark !== undefined && (anyChange ? mark.change !== change : mark.pending === 0);
  return waits.entities.until({ tenantId, ...entity }, { ...until, isOver });
}

/** The barrier first, then what is shown: `settled` never runs ahead of what a read sees. */
async function read({ store }: ShowEntityOptions, asked: Asked): Promise<{ state: EntityState; change: string }> {
  const { tenantId, entity, after } = asked;
  const awaited =
    after === undefined ? undefined : markOfAfter(await awaitedMark(store, tenantId, after), asked, after);
  const [mark] = await store.loadEntityMarks([{ tenantId, ...entity }], limits.entityPendingMax);
  if (mark === undefined) throw new Error("an entity that was asked for has no mark");
  const { pending, oldestPendingAt, lastOperationId, change } = mark;
  const last = lastOperationId === null ? undefined : await store.loadOperation(tenantId, lastOperationId);
  const state = {
    entity,
    pending,
    ...(oldestPendingAt === null ? {} : { oldestPendingAt: oldestPendingAt.toISOString() }),
    ...(last === undefined ? {} : { lastOperation: presentOperation(last) }),
    settled: after === undefined ? pending === 0 : awaited?.ended === true,
  };
  return { state, change };
}

const awaitedMark = async (store: ShowEntityOptions["store"], tenantId: string, id: string) =>
  (await store.loadOperationMarks([{ tenantId, id }]))[0];

/** @throws {Refusal} when it is none of this entity's, or none at all */
function markOfAfter(mark: OperationMark | undefined, { entity }: Asked, after: string): OperationMark | undefined {
  if (mark === undefined) {
    const unknown = unknownOperation(after, Date.now());
    if (unknown.code === "not-found") throw unknown;
    return undefined;
  }
  if (mark.entityType === entity.type && mark.entityId === entity.id) return mark;
  throw new Refusal("invalid-query", "after: names an operation of another entity");
}
