import { hash } from "node:crypto";
import { canonicalJson } from "./canonical-json.ts";

/** What makes two requests the same request. The entity is the one that the type derived, where none was given. */
export type HashedRequest = {
  readonly type: string;
  readonly entity?: { readonly type: string; readonly id: string } | undefined;
  readonly input: unknown;
  /** The partner with whose key it came: another's is another request, even where all else is the same. */
  readonly audience?: readonly string[] | undefined;
};

/**
 * Tells whether a request under a known idempotency key is the same one: SHA-256 over type, entity and input in
 * canonical JSON, so that the order of members and the spelling of numbers don't matter. 64 hex digits.
 */
export function requestHash({ type, entity, input, audience }: HashedRequest): string {
  // An array keeps the parts apart whatever they contain.
  const parts = [type, entity ? [entity.type, entity.id] : null, input];
  return hash("sha256", canonicalJson(audience === undefined ? parts : [...parts, audience]), "hex");
}
