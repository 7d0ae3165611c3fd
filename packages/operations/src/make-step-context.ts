import type { ClientBase } from "pg";
import type { PerformStep } from "./perform-step.ts";
import { Secrets } from "./secrets/secrets.ts";
import type { AnyStepContext, StepDefinition } from "./step-definition.ts";
import type { StepEvents } from "./step-events.ts";
import { stepHttp } from "./step-http.ts";
import { type Sql, taggedSql } from "./tagged-sql.ts";

/** What the step's function is called with. */
export function makeStepContext(
  request: PerformStep,
  step: StepDefinition,
  input: never,
  events: StepEvents,
  signal: AbortSignal,
): AnyStepContext {
  const { operation, outputs, attempt, log, direction, client, secrets = new Secrets() } = request;
  const runKey = `${operation.id}:${step.name}`;
  const idempotencyKey = direction === "run" ? runKey : `${runKey}:compensate`;
  return {
    operation,
    input,
    outputs: outputs as never,
    attempt,
    signal,
    idempotencyKey,
    emit: (type, data, options) => events.emit(type, data, options),
    log,
    ...(step.kind === "transaction" && client !== undefined ? database(client, signal) : {}),
    ...(step.kind === "transaction" ? {} : { secrets: secrets.of(step) as never }),
    ...(step.kind === "http" ? { http: stepHttp(idempotencyKey, signal, step.timeoutMs) } : {}),
    ...(direction === "compensate" ? { output: outputs[step.name] as never, runIdempotencyKey: runKey } : {}),
  };
}

/** After the step's end its code can't reach a transaction that is somebody else's by then. */
export function database(client: ClientBase, signal: AbortSignal): { sql: Sql; client: ClientBase } {
  const sql = taggedSql(client);
  const guarded: Sql = async (strings, ...values) => {
    signal.throwIfAborted();
    return sql(strings, ...values);
  };
  return { sql: guarded, client };
}
