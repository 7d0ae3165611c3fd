import { type Entity, type EventHeader, entityKey } from "@postback/contracts";
import { compileSubscriptions, type EventPattern, type Partner } from "@postback/domain";
import { partitionFor } from "@postback/kafka";

/** Which events a reader wants. The tenant always comes from its API key. */
export interface EventFilter {
  tenantId: string;
  /** Left out: all types. */
  types?: readonly EventPattern[] | undefined;
  entity?: Entity | undefined;
  /** The partner who reads: it is shown what grant and audience allow. Left out: the tenant itself. */
  partner?: Partner | undefined;
}

/** Whether an event is for the reader. One that is meant for an endpoint alone (a test) is for no stream. */
export function compileFilter({ tenantId, types, entity }: EventFilter): (header: EventHeader) => boolean {
  const index = types && compileSubscriptions([{ subscriber: true, patterns: types }]);
  return (header) =>
    header.tenant === tenantId &&
    header.endpoint === undefined &&
    (entity === undefined || (header.entity?.type === entity.type && header.entity.id === entity.id)) &&
    (index === undefined || index.match(header.type).length > 0);
}

/** The partitions that such events are in: an entity's are all in one. */
export const partitionsOf = ({ tenantId, entity }: EventFilter, partitions: number): number[] =>
  entity === undefined
    ? Array.from({ length: partitions }, (_, partition) => partition)
    : [partitionFor(entityKey(tenantId, entity), partitions)];
