import type { EventRow, OutboxPlace, OutboxRow } from "@postback/database";
import type { Emitted } from "@postback/operations";
import type { OwnedPartition } from "../own/owned-partition.ts";
import { drawEvents } from "../steps/draw-events.ts";

/** Positions and numbered events for rows of the outbox, until it is known whether their admission committed. */
export interface DrawnOutbox {
  readonly places: readonly OutboxPlace[];
  readonly events: readonly EventRow[];
  commit(): void;
  rollBack(): void;
}

/**
 * Draws them, in the order of the rows; only right before the statement is sent. An event carries the time at which its
 * step's transaction was: when its owner comes to it says nothing of the fact that it tells.
 */
export function drawOutbox(owned: OwnedPartition, rows: readonly OutboxRow[]): DrawnOutbox {
  const { positions, publisher } = owned;
  const places = rows.map(({ tenantId, id }) => ({ tenantId, id, position: positions.next().toString() }));
  const drawn = rows.map((row) => drawEvents(row.events as readonly Emitted[], row, publisher.numbers, row.recordedAt));
  return {
    places,
    events: drawn.flatMap((each) => each.rows),
    commit: () => {
      for (const each of drawn) each.commit();
    },
    rollBack: () => {
      for (const each of drawn) each.rollBack();
    },
  };
}
