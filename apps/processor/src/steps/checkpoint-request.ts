import type { Checkpoint, OperationRow } from "@postback/database";
import type { OperationState } from "@postback/domain";
import type { Emitted } from "@postback/operations";
import type { OwnedPartition } from "../own/owned-partition.ts";
import { type DrawnEvents, drawEvents } from "./draw-events.ts";
import { columnsOf } from "./operation-state.ts";

/** A state to be saved for an operation, with the events that it tells. */
export interface CheckpointRequest {
  readonly owned: OwnedPartition;
  readonly row: OperationRow;
  readonly state: OperationState;
  readonly emitted: readonly Emitted[];
  /** The step that this hands over to its queue. */
  readonly handsOver?: string | undefined;
  /** The state has the result of the step that was handed over. */
  readonly takesResult?: boolean;
}

export interface DrawnCheckpoint {
  readonly checkpoint: Checkpoint;
  readonly events: DrawnEvents;
}

/** Draws the numbers of its events and makes the statement's row. Only right before the statement is sent. */
export function drawCheckpoint(request: CheckpointRequest): DrawnCheckpoint {
  const { owned, row, state, emitted } = request;
  const now = new Date();
  const events = drawEvents(emitted, row, owned.publisher.numbers, now);
  const checkpoint: Checkpoint = {
    partition: owned.partition,
    epoch: owned.epoch.toString(),
    tenantId: row.tenantId,
    id: row.id,
    version: row.version,
    ...columnsOf(state, now.getTime()),
    request: row.request ?? undefined,
    dispatchedStep: request.handsOver,
    takesResult: request.takesResult,
    events: events.rows,
  };
  return { checkpoint, events };
}
