import { type Queryable, run, statement } from "../statement.ts";

/** An entity of a tenant, as the lock of its sync steps knows it. */
export interface LockedEntity {
  tenantId: string;
  entityType: string;
  entityId: string;
}

const valuesOf = ({ tenantId, entityType, entityId }: LockedEntity) => [tenantId, entityType, entityId];

const tryLock = statement("try_lock_entity", "SELECT pg_try_advisory_xact_lock(entity_lock_key($1, $2, $3)) AS locked");

/**
 * Takes an entity's lock, until the transaction ends, if nobody has it. Whoever has it alone runs the entity's sync steps;
 * admission shares it (`share_entity`). What is read after it needs a statement of its own: this one's snapshot is older
 * than the lock.
 */
export async function tryLockEntity(on: Queryable, entity: LockedEntity): Promise<boolean> {
  const [row] = await run<{ locked: boolean }>(on, tryLock, valuesOf(entity));
  return row?.locked === true;
}

const lock = statement("lock_entity", "SELECT pg_advisory_xact_lock(entity_lock_key($1, $2, $3))");

/** The same, waiting for its turn: at most as long as a statement may take. */
export async function lockEntity(on: Queryable, entity: LockedEntity): Promise<void> {
  await run(on, lock, valuesOf(entity));
}
