import {
  type Database,
  type DispatchedStep,
  type Ending,
  type OperationRow,
  transact,
  writeStepResult,
} from "@postback/database";
import { nextAction } from "@postback/domain";
import type { Catalog, PerformedStep } from "@postback/operations";
import { stateOf } from "../steps/operation-state.ts";
import { type Performing, type PerformOptions, performOnce } from "../steps/perform-once.ts";
import type { Slots } from "../steps/slots.ts";

export interface WorkOptions extends PerformOptions {
  db: Database;
  catalog: Catalog;
  /** Each transaction holds a connection. */
  transactionSlots: Slots;
  onDefinitionMissing(row: OperationRow): void;
  /** Aborted when the process stops. */
  stopping: AbortSignal;
}

/**
 * Makes one attempt of the step that the row says is handed over, and writes what came of it for the owner, who alone
 * decides how the operation goes on. A transaction step's effect commits with its result, and only if the owner still
 * waits for it.
 * @returns false when the process stopped it: nothing is known
 */
export async function workStep(options: WorkOptions, row: OperationRow): Promise<boolean> {
  const performing = toPerform(options, row);
  // Whoever has the definition gets it when it is handed over again.
  if (performing === undefined) return true;
  const isTransaction =
    performing.definition.steps.find(({ name }) => name === performing.step)?.kind === "transaction";
  const performed = isTransaction
    ? await options.transactionSlots.use(() =>
        transact(options.db, (client) => performWithin(options, performing, client)),
      )
    : await performOnce(options, performing);
  if (performed.interrupted) return false;
  if (isTransaction && performed.outcome.kind === "done") return true;
  await writeStepResult(options.db.pool, dispatchedOf(row), resultOf(performed));
  return true;
}

function toPerform({ catalog, onDefinitionMissing, stopping }: WorkOptions, row: OperationRow): Performing | undefined {
  const definition = catalog.operation(row.type, row.revision);
  if (definition === undefined) {
    onDefinitionMissing(row);
    return undefined;
  }
  const state = stateOf(row, definition, catalog);
  const action = nextAction(state, catalog.shapeOf(definition), new Date());
  if (action.kind !== "run" || action.step !== row.dispatchedStep) return undefined;
  return { definition, row, state, kind: "run", step: action.step, attempt: action.attempt, signal: stopping };
}

async function performWithin(
  options: WorkOptions,
  performing: Performing,
  client: Parameters<Parameters<typeof transact>[1]>[0],
): Promise<Ending<PerformedStep>> {
  const performed = await performOnce(options, performing, client);
  if (performed.abandoned) return { value: performed, end: "discard" };
  if (performed.outcome.kind !== "done") return { value: performed, end: "rollback" };
  const isWanted = await writeStepResult(client, dispatchedOf(performing.row), resultOf(performed));
  return { value: performed, end: isWanted ? "commit" : "rollback" };
}

const dispatchedOf = (row: OperationRow): DispatchedStep => ({
  tenantId: row.tenantId,
  operationId: row.id,
  step: row.dispatchedStep ?? "",
  version: row.version,
});

const resultOf = ({ outcome, emitted }: PerformedStep) => ({ outcome, events: emitted });
