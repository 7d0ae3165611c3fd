import type { CommandHeader } from "@postback/contracts";
import type { CommandRow } from "@postback/database";
import { initialState } from "@postback/domain";
import type { Catalog } from "@postback/operations";

export interface Place {
  partition: number;
  offset: number;
}

/** A command as it is admitted, but for its position. Without its definition the steps are unknown yet; who has it sets them. */
export function toCommandRow(header: CommandHeader, input: string, place: Place, catalog: Catalog): CommandRow {
  const definition = catalog.operation(header.type, header.revision);
  const initial = definition && initialState(catalog.shapeOf(definition), new Date(header.acceptedAt));
  return {
    tenantId: header.tenant,
    id: header.id,
    type: header.type,
    revision: header.revision,
    entityType: header.entity.type,
    entityId: header.entity.id,
    partition: place.partition,
    logOffset: place.offset,
    hash: header.hash,
    key: header.key,
    input,
    audience: header.audience,
    traceparent: header.traceparent,
    acceptedAtMs: header.acceptedAt,
    step: initial?.step,
    steps: initial?.steps ?? [],
  };
}
