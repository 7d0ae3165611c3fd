import { limits } from "@postback/contracts";
import type { EntityKey, EntityMark, OperationKey, OperationMark } from "@postback/database";
import type { Logger } from "@postback/runtime";
import type { IngestStore } from "../store.ts";
import { SharedLookUps } from "./shared-look-ups.ts";
import { WaitPlaces, type WaitPlacesOptions } from "./wait-places.ts";

/** What requests wait with: for operations and for entities, within one bound. */
export interface Waits {
  operations: SharedLookUps<OperationKey, OperationMark>;
  entities: SharedLookUps<EntityKey, EntityMark>;
  places: WaitPlaces;
  readonly closed: boolean;
  close(): void;
}

export interface WaitsOptions extends WaitPlacesOptions {
  store: Pick<IngestStore, "loadOperationMarks" | "loadEntityMarks">;
  logger: Logger;
}

export function waitsOn({ store, logger, ...bounds }: WaitsOptions): Waits {
  const operations = new SharedLookUps<OperationKey, OperationMark>({
    lookUp: (keys) => store.loadOperationMarks(keys),
    keyOf: ({ tenantId, id }) => `${tenantId}/${id}`,
    logger,
  });
  const entities = new SharedLookUps<EntityKey, EntityMark>({
    lookUp: (keys) => store.loadEntityMarks(keys, limits.entityPendingMax),
    keyOf: ({ tenantId, type, id }) => `${tenantId}/${type}/${id}`,
    logger,
  });
  const close = () => {
    operations.close();
    entities.close();
  };
  return {
    operations,
    entities,
    places: new WaitPlaces(bounds),
    close,
    get closed() {
      return operations.closed;
    },
  };
}
