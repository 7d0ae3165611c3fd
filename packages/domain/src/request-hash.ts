import { hash } from "node:crypto";
import { canonicalJson } from "./canonical-json.ts";

/** What makes two requests the same request. The entity is the one that the type derived, where none was given. */
export type HashedRequest = {
  readonly type: string;
  readonly entity?: { readonly type: string; readonly id: string } | undefined;
  readonly input: unknown;
};

/**
 * Tells whether a request under a known idempotency key is the same one: SHA-256 over type, entity and input in
 * canonical JSON, so that the order of members and the spelling of numbers don't matter. 64 hex digits.
 */
export function requestHash({ type, entity, input }: HashedRequest): string {
  // An array keeps the parts apart whatever they contain.
  return hash("sha256", canonicalJson([type, entity ? [entity.type, entity.id] : null, input]), "hex");
}
