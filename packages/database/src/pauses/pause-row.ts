import type { LockedEntity } from "../outbox/lock-entity.ts";

/** A pause of an entity's steps that was asked for, by its own id. */
export interface PauseRow extends LockedEntity {
  id: string;
  granted: boolean;
}

/** What names a pause. */
export type PauseKey = Pick<PauseRow, "tenantId" | "id">;
