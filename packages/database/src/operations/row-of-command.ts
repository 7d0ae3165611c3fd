import type { CommandRow } from "./command-row.ts";
import type { OperationRow } from "./operation-row.ts";

/** How far an operation is whose row is not read: as at its start, where nothing else is known. */
type Standing = Partial<Pick<OperationRow, "position" | "status" | "version">>;

/** The row of an operation that has not begun: it is as its command says, so it need not be read. */
export function rowOfCommand(command: CommandRow, standing: Standing = {}): OperationRow {
  const acceptedAt = new Date(command.acceptedAtMs);
  return {
    tenantId: command.tenantId,
    id: command.id,
    type: command.type,
    revision: command.revision,
    entityType: command.entityType,
    entityId: command.entityId,
    partition: command.partition,
    position: null,
    status: "accepted",
    version: 0,
    input: command.input,
    step: command.step ?? null,
    steps: command.steps,
    cause: null,
    result: null,
    error: null,
    request: null,
    dispatchedStep: null,
    dispatchedVersion: null,
    duplicateOf: null,
    audience: command.audience ? [...command.audience] : null,
    traceparent: command.traceparent ?? null,
    nextAttemptAt: null,
    createdAt: acceptedAt,
    updatedAt: acceptedAt,
    completedAt: null,
    ...standing,
  };
}
