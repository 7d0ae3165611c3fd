import type { WebhookBody } from "@postback/contracts";
import type { EventRow, NumberedEvent, OperationRow } from "@postback/database";
import { newId } from "@postback/domain";
import type { Emitted } from "@postback/operations";
import type { EventNumbers } from "../publish/event-numbers.ts";

/** Events of one checkpoint with their numbers, until it is known whether it committed. */
export interface DrawnEvents {
  readonly rows: readonly EventRow[];
  commit(): void;
  rollBack(): void;
}

/**
 * Gives emitted events their ids, their exact bytes and their numbers. To be called when nothing but the transaction's
 * last statement is left to send: what has a lower number and isn't decided holds back all that come after.
 */
export function drawEvents(
  emitted: readonly Emitted[],
  row: OperationRow,
  numbers: EventNumbers,
  now: Date,
): DrawnEvents {
  const rows = emitted.map((event) => toRow(event, row, numbers.draw(), now));
  return {
    rows,
    commit: () => {
      for (const each of rows) numbers.commit(asNumbered(each));
    },
    rollBack: () => {
      for (const each of rows) numbers.skip(BigInt(each.number));
    },
  };
}

type Drawn = EventRow & { number: string };

function toRow(event: Emitted, row: OperationRow, number: bigint, now: Date): Drawn {
  const entity = event.entity ?? { type: row.entityType, id: row.entityId };
  const body: WebhookBody = {
    type: event.type,
    timestamp: now.toISOString(),
    operation: { id: row.id, type: row.type },
    entity,
    data: event.data,
  };
  return {
    tenantId: row.tenantId,
    id: newId(),
    type: event.type,
    entityType: entity.type,
    entityId: entity.id,
    partition: row.partition,
    number: number.toString(),
    operationId: row.id,
    operationType: row.type,
    audience: audienceOf(event, row),
    traceparent: row.traceparent ?? undefined,
    body: JSON.stringify(body),
    acceptedAtMs: now.getTime(),
  };
}

/** Of a partner's operation that partner, unless the step says otherwise; undefined: everyone. */
function audienceOf({ audience }: Emitted, row: OperationRow): readonly string[] | undefined {
  if (audience === undefined) return row.audience ?? undefined;
  return audience === "everyone" ? undefined : audience;
}

const asNumbered = (row: Drawn): NumberedEvent => ({
  tenantId: row.tenantId,
  id: row.id,
  type: row.type,
  entityType: row.entityType ?? null,
  entityId: row.entityId ?? null,
  number: row.number,
  operationId: row.operationId ?? null,
  operationType: row.operationType ?? null,
  audience: row.audience ? [...row.audience] : null,
  traceparent: row.traceparent ?? null,
  body: row.body,
  acceptedAtMs: row.acceptedAtMs,
});
