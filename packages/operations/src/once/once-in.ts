import type { Json } from "@postback/domain";
import type { ClientBase, Pool } from "pg";
import { toJson } from "../json-value.ts";
import { limits } from "../limits.ts";
import { database } from "../make-step-context.ts";
import { isRefuse, refuse } from "../refusal.ts";
import type { EventSchemas, StepContext, Undo } from "../step-context.ts";
import type { StepOutput } from "../step-definition.ts";
import type { Sql } from "../tagged-sql.ts";
import { claim, type Decided, readDecided, settle } from "./once-record.ts";
import { onceTransaction } from "./once-transaction.ts";

/** What the work is given: the transaction in the other database. */
export interface OnceContext {
  /** Parameterized: sql`update t set n = ${n} where id = ${id}` gives its rows. */
  readonly sql: Sql;
  /** The same transaction's client, for Drizzle, Kysely or plain pg. Never begin, commit or roll back on it. */
  readonly client: ClientBase;
}

export interface OnceUndoContext<R> extends OnceContext {
  /** What the work of the run gave: known for sure here. It is the step's output if the run returns what `onceIn` gives. */
  readonly output: R;
}

/** The part of a step's context that is needed. */
type OnceStep = Pick<StepContext<never, never, EventSchemas>, "operation" | "idempotencyKey" | "signal">;
type OnceUndo<R> = OnceStep & Pick<Undo<R>, "runIdempotencyKey" | "output">;
type Awaitable<T> = T | PromiseLike<T>;
type OncePool = Pick<Pool, "connect">;

/**
 * An effect in another PostgreSQL, exactly once, for `task` steps and their compensations (I2). The step's key and what the
 * work gave are written to `postback_once` in the work's own transaction. A repeat, after a kill between that COMMIT and the
 * checkpoint, or after a COMMIT whose answer was lost, is given what was stored, and doesn't work again; one at the same time waits.
 * A refusal (`refuse`) is stored likewise, with its effect rolled back: no late attempt can do what was refused.
 *
 * In a compensation the work is called only if the run was done, with what it gave. If it wasn't, its key is taken:
 * a run that is late, of a process that was stopped, say, is refused then (`once-stopped`). So both have to go
 * through `onceIn`, or neither. One call for each database in a step.
 * @param pool of the other database; somebody has called `prepareOnce` there
 * @param context the step's own
 * @returns what the work gave, now or before
 * @throws what the work throws; its effect is rolled back then. When the connection breaks at COMMIT the effect may be there
 */
export function onceIn<R>(
  pool: OncePool,
  context: OnceUndo<R>,
  work: (once: OnceUndoContext<R>) => Awaitable<void>,
): Promise<void>;
export function onceIn<R extends StepOutput>(
  pool: OncePool,
  context: OnceStep,
  work: (once: OnceContext) => Awaitable<R>,
): Promise<R>;
export async function onceIn(
  pool: OncePool,
  context: OnceStep | OnceUndo<unknown>,
  work: (once: OnceUndoContext<never>) => unknown,
): Promise<unknown> {
  assertFirst(pool, context);
  if ("runIdempotencyKey" in context) return undoOnce(pool, context, work);
  return runOnce(pool, context, work as (once: OnceContext) => unknown);
}

const used = new WeakMap<object, WeakSet<object>>();

/** A second call would get what the first one stored, whatever it was to do. */
function assertFirst(pool: OncePool, context: OnceStep): void {
  const pools = used.get(context) ?? new WeakSet();
  if (pools.has(pool)) throw new TypeError("onceIn was called twice for one database in one step: do both in one call");
  used.set(context, pools.add(pool));
}

async function runOnce(pool: OncePool, context: OnceStep, work: (once: OnceContext) => unknown): Promise<unknown> {
  const { operation, idempotencyKey, signal } = context;
  const decided = await onceTransaction(pool, signal, async (client) => {
    if (!(await claim(client, operation, idempotencyKey, "begun")))
      return readDecided(client, operation, idempotencyKey);
    await client.query("savepoint postback_once");
    const made = await decide(client, () => during(client, signal, work));
    await settle(client, operation, idempotencyKey, made);
    return made;
  });
  if (decided.state === "done") return decided.output;
  if (decided.state === "refused") throw refuse(decided.code, decided.message);
  throw refuse("once-stopped", "It was compensated before it was begun");
}

/** What the work left behind unawaited must not go on, on a client that is somebody else's by then. */
async function during(client: ClientBase, signal: AbortSignal, work: (once: OnceContext) => unknown): Promise<unknown> {
  const over = new AbortController();
  try {
    return await work(database(client, AbortSignal.any([signal, over.signal])));
  } finally {
    over.abort(new DOMException("The work of onceIn has ended", "AbortError"));
  }
}

/** A refusal is a decision too: without the work's effect, but with its row. */
async function decide(client: ClientBase, work: () => unknown): Promise<Decided> {
  try {
    return { state: "done", output: jsonOf(await work()) };
  } catch (error) {
    if (!isRefuse(error)) throw error;
    await client.query("rollback to savepoint postback_once");
    return { state: "refused", code: error.code, message: error.message };
  }
}

function jsonOf(value: unknown): Json | undefined {
  if (value === undefined) return undefined;
  const json = toJson(value, limits.outputMaxBytes);
  if (!json.ok) throw refuse("invalid-output", `The step's output ${json.why}`);
  return json.value;
}

/** A refusal isn't stored: an operator may have a compensation tried again. */
async function undoOnce(
  pool: OncePool,
  { operation, idempotencyKey, runIdempotencyKey, signal }: OnceUndo<unknown>,
  work: (once: OnceUndoContext<never>) => unknown,
): Promise<void> {
  await onceTransaction(pool, signal, async (client) => {
    if (await claim(client, operation, runIdempotencyKey, "stopped")) return;
    const run = await readDecided(client, operation, runIdempotencyKey);
    if (run.state !== "done") return;
    if (!(await claim(client, operation, idempotencyKey, "begun"))) {
      await readDecided(client, operation, idempotencyKey);
      return;
    }
    await during(client, signal, (once) => work({ ...once, output: run.output as never }));
    await settle(client, operation, idempotencyKey, { state: "done", output: undefined });
  });
}
