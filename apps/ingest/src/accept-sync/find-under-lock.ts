import { type FoundBefore, findBefore, lockEntity, type TransactionClient, tryLockEntity } from "@postback/database";
import type { Command } from "../valid-write.ts";

/**
 * What stands before a write, read while nobody else can add to it: under its entity's lock. Where another has the lock
 * and the answer is known already, it isn't waited for; both look-ups go to the server together.
 */
export async function findUnderLock(client: TransactionClient, command: Command): Promise<FoundBefore> {
  const { tenantId, entity, isClientId, idempotencyKey } = command;
  const asked = {
    tenantId,
    entityType: entity.type,
    entityId: entity.id,
    id: isClientId ? command.id : undefined,
    idempotencyKey,
  };
  const [isLocked, found] = await Promise.all([tryLockEntity(client, asked), findBefore(client, asked)]);
  if (isLocked || found.earlier !== undefined || found.busyWith !== undefined) return found;
  await lockEntity(client, asked);
  return await findBefore(client, asked);
}
