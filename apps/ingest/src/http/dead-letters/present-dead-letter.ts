import type { DeadLetter, DeadLetterReason } from "@postback/contracts";
import type { DeadLetterMessage, DeadLetterOwner, ListedDeadLetter } from "@postback/database";
import type { Caller } from "../../auth/known-keys.ts";
import { deadLetterId } from "./dead-letter-id.ts";

/**
 * Whose letters a caller may see and decide about: an operator's own tenant's; with the scope `platform` those of every
 * tenant, and of none. A message whose header is unreadable could be anyone's, so no tenant is shown it.
 */
export const lettersFor = ({ scopes, tenantId }: Caller): DeadLetterOwner =>
  scopes.has("platform") ? "anyone" : { tenantId };

/**
 * A letter as the caller may see it. The detail may quote the message, so the platform sees it only where there is no
 * tenant: nobody else could find out what was wrong.
 */
export function presentDeadLetter(letter: ListedDeadLetter, caller: Caller): DeadLetter {
  const { tenantId, topic, partition, offset, redrivenAt, redrivenPartition, redrivenOffset, discardedAt } = letter;
  return {
    id: deadLetterId(letter),
    ...(tenantId === null ? {} : { tenantId }),
    topic,
    partition,
    offset,
    reason: letter.reason as DeadLetterReason,
    ...(tenantId === null || isOperatorOf(tenantId, caller) ? { detail: letter.detail } : {}),
    status: statusOf(letter),
    createdAt: letter.createdAt.toISOString(),
    ...(redrivenAt === null ? {} : { redrivenAt: redrivenAt.toISOString() }),
    ...(redrivenPartition === null || redrivenOffset === null
      ? {}
      : { redrivenTo: { partition: redrivenPartition, offset: redrivenOffset } }),
    ...(discardedAt === null ? {} : { discardedAt: discardedAt.toISOString() }),
  };
}

/** The same with the message, where it is the caller's tenant's: `platform` is never shown a payload (design §5). */
export function presentWhole(letter: ListedDeadLetter & DeadLetterMessage, caller: Caller): DeadLetter {
  const presented = presentDeadLetter(letter, caller);
  if (letter.tenantId === null || !isOperatorOf(letter.tenantId, caller)) return presented;
  const { key, header, body } = letter;
  const message = {
    ...(key === null ? {} : { key: key.toString("base64") }),
    ...(header === null ? {} : { header: header.toString("base64") }),
    ...(body === null ? {} : { body: body.toString("base64") }),
  };
  return { ...presented, message };
}

export function statusOf({ redrivenAt, discardedAt }: ListedDeadLetter): DeadLetter["status"] {
  if (discardedAt !== null) return "discarded";
  return redrivenAt === null ? "open" : "redriven";
}

const isOperatorOf = (tenantId: string, caller: Caller): boolean =>
  caller.scopes.has("operator") && caller.tenantId === tenantId;
