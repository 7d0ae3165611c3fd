import type { Operation } from "@postback/contracts";
import type { OperationRow } from "@postback/database";

/** An operation as the API shows it. The columns hold what the state machine wrote, of which clients see a part. */
export function presentOperation(row: OperationRow): Operation {
  const self = `/v1/operations/${row.id}`;
  return {
    id: row.id,
    type: row.type,
    entity: { type: row.entityType, id: row.entityId },
    status: row.status as Operation["status"],
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
    ...(row.completedAt === null ? {} : { completedAt: row.completedAt.toISOString() }),
    ...(row.step === null ? {} : { step: row.step }),
    steps: (row.steps as Operation["steps"]).map(presentStep),
    ...(row.result === null ? {} : { result: row.result as NonNullable<Operation["result"]> }),
    ...(row.error === null ? {} : { error: row.error as NonNullable<Operation["error"]> }),
    ...(row.duplicateOf === null ? {} : { duplicateOf: row.duplicateOf }),
    links: { self, events: `${self}/events`, cancel: `${self}/cancel` },
  };
}

const presentStep = ({ name, status, attempts, error }: Operation["steps"][number]): Operation["steps"][number] => ({
  name,
  status,
  attempts,
  ...(error === undefined ? {} : { error }),
});
