import type { Caller } from "../../auth/known-keys.ts";
import { invalidInput } from "../../refusal.ts";
import type { IngestStore } from "../../store.ts";

/**
 * Whose a new endpoint is: with a partner's key that partner's, else whose the request says; null: the tenant's own.
 * @throws {Refusal} invalid-input for a partner that isn't there, or that is another than the key's
 */
export async function partnerOf(
  store: Pick<IngestStore, "findPartner">,
  caller: Pick<Caller, "tenantId" | "partnerId">,
  given: string | undefined,
): Promise<string | null> {
  const wanted = given ?? caller.partnerId;
  if (wanted === undefined) return null;
  if (wanted === caller.partnerId) return wanted;
  const isKnown = caller.partnerId === undefined && (await store.findPartner(caller.tenantId, wanted)) !== undefined;
  if (!isKnown) throw invalidInput([{ pointer: "/partner", message: "names no partner" }]);
  return wanted;
}
