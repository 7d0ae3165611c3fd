import { hash } from "node:crypto";
import type { Entity } from "@postback/contracts";
import { newId, requestHash } from "@postback/domain";
import type { OperationDefinition } from "@postback/operations";
import { checkedId } from "./checked-id.ts";

/** A write whose type exists and whose input keeps its rules. */
export interface ValidWrite {
  definition: OperationDefinition;
  entity: Entity;
  input: unknown;
  /** An id of the client's. */
  id?: string;
  idempotencyKey?: string;
  tenantId: string;
  /** The partners that may see its events: the one whose key submitted it. */
  audience?: string[];
  traceparent: string;
}

/** A write with all that tells it from others. */
export interface Command extends ValidWrite {
  id: string;
  /** The client made the id: a repeated request is known by it. */
  isClientId: boolean;
  acceptedAtMs: number;
  hash: string;
  inputJson: string;
}

/** @throws {Refusal} invalid-id */
export function toCommand(write: ValidWrite): Command {
  const acceptedAtMs = Date.now();
  const { definition, entity, input } = write;
  return {
    ...write,
    ...(write.idempotencyKey === undefined ? {} : { idempotencyKey: keyOf(write.idempotencyKey, write.audience) }),
    id: write.id === undefined ? newId() : checkedId(write.id, acceptedAtMs),
    isClientId: write.id !== undefined,
    acceptedAtMs,
    hash: requestHash({ type: definition.type, entity, input, audience: write.audience }),
    inputJson: JSON.stringify(input),
  };
}

/**
 * Partners of a tenant don't know of each other: the same key of two is two keys, and none is answered with another's
 * operation. Hashed, so that it has the same bound and no client can choose what it comes to.
 */
function keyOf(key: string, audience: readonly string[] | undefined): string {
  return audience === undefined ? key : hash("sha256", JSON.stringify([audience, key]), "hex");
}
