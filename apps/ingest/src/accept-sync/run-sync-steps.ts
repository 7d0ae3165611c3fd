import type { TransactionClient } from "@postback/database";
import { afterRun, initialState, type Json, type OperationState, type StepOutcome } from "@postback/domain";
import {
  type Emitted,
  eventsOfTransition,
  type OperationRef,
  performStep,
  type StepLog,
  shapeOf,
  syncStepsOf,
} from "@postback/operations";
import type { Command } from "../valid-write.ts";

export type SyncRun =
  | { kind: "done"; state: OperationState; emitted: readonly Emitted[] }
  | {
      kind: "failed";
      step: string;
      outcome: Exclude<StepOutcome, { kind: "done" }>;
      /** Its code may still be using the client. */
      abandoned: boolean;
    };

/**
 * Performs an operation's sync steps on the client of one transaction, up to the first that isn't done. One attempt each:
 * the caller is waiting, and decides whether to try again.
 */
export async function runSyncSteps(
  client: TransactionClient,
  command: Command,
  { signal, log }: { signal: AbortSignal; log: StepLog },
): Promise<SyncRun> {
  const { definition, input } = command;
  const shape = shapeOf(definition);
  const operation = refOf(command);
  const performing = { definition, direction: "run", operation, input, attempt: 1, client, signal, log } as const;
  let state = initialState(shape, new Date(command.acceptedAtMs));
  const emitted: Emitted[] = [];
  for (const { name } of syncStepsOf(definition)) {
    const performed = await performStep({ ...performing, stepName: name, outputs: outputsOf(state) });
    const { outcome, abandoned } = performed;
    if (outcome.kind !== "done") return { kind: "failed", step: name, outcome, abandoned };
    // A run that was done draws no dice and sets no time.
    const after = afterRun(state, shape, outcome, new Date(), 0);
    emitted.push(...performed.emitted);
    emitted.push(...eventsOfTransition(definition, { operation, readInput: () => input, before: state, after, log }));
    state = after;
  }
  return { kind: "done", state, emitted };
}

const refOf = ({ id, definition, tenantId, entity }: Command): OperationRef => ({
  id,
  type: definition.type,
  revision: definition.revision,
  tenantId,
  entity,
});

const outputsOf = (state: OperationState): Record<string, Json | undefined> =>
  Object.fromEntries(state.steps.map((step) => [step.name, step.output]));
