import type { OperationRow } from "@postback/database";
import type { Catalog } from "@postback/operations";
import { stateOf } from "./operation-state.ts";

/**
 * Whether an operation is stuck and its definition lets its entity go on. What can't be told without the definition, or was
 * asked to be retried and has begun so, isn't: it holds its entity.
 */
export function isParked(row: OperationRow, catalog: Catalog): boolean {
  const definition = catalog.operation(row.type, row.revision);
  if (definition?.whenStuck !== "go-on" || row.cause === null) return false;
  const { step, steps } = stateOf(row, definition, catalog);
  return steps.some(({ name, status }) => name === step && status === "stuck");
}
