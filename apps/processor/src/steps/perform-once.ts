import type { OperationRow, TransactionClient } from "@postback/database";
import type { Json, OperationState } from "@postback/domain";
import {
  type OperationDefinition,
  type OperationRef,
  type PerformedStep,
  performStep,
  type Secrets,
} from "@postback/operations";
import type { Logger } from "@postback/runtime";

export interface PerformOptions {
  onStep(step: StepReport): void;
  /** Of the steps that this process carries. */
  secrets: Secrets;
  logger: Logger;
}

/** One wide line's worth of a step. */
export interface StepReport {
  row: OperationRow;
  step: string;
  direction: "run" | "compensate";
  attempt: number;
  outcome: PerformedStep["outcome"];
  durationMs: number;
}

/** An attempt that is to be made. */
export interface Performing {
  readonly definition: OperationDefinition;
  readonly row: OperationRow;
  readonly state: OperationState;
  readonly kind: "run" | "compensate";
  readonly step: string;
  readonly attempt: number;
  /** Aborted when the process must let go of the operation. */
  readonly signal: AbortSignal;
}

/** Performs one attempt of a step and reports it. @param client of an open transaction, for a transaction step */
export async function performOnce(
  { onStep, secrets, logger }: PerformOptions,
  { definition, row, state, kind, step, attempt, signal }: Performing,
  client?: TransactionClient,
): Promise<PerformedStep> {
  const startedAtMs = performance.now();
  const performed = await performStep({
    definition,
    stepName: step,
    direction: kind,
    operation: refOf(row),
    input: JSON.parse(row.input),
    outputs: outputsOf(state),
    attempt,
    signal,
    log: logger,
    secrets,
    client,
  });
  const durationMs = performance.now() - startedAtMs;
  onStep({ row, step, direction: kind, attempt, outcome: performed.outcome, durationMs });
  return performed;
}

function outputsOf({ steps }: OperationState): Record<string, Json | undefined> {
  const outputs: Record<string, Json | undefined> = {};
  for (const { name, output } of steps) outputs[name] = output;
  return outputs;
}

export const refOf = (row: OperationRow): OperationRef => ({
  id: row.id,
  type: row.type,
  revision: row.revision,
  tenantId: row.tenantId,
  entity: { type: row.entityType, id: row.entityId },
});
