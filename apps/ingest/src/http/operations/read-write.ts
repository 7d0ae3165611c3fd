import { type Entity, limits, type SubmitOperation, submitOperationSchema } from "@postback/contracts";
import { type Catalog, type OperationDefinition, validateInput } from "@postback/operations";
import { z } from "zod";
import type { Caller } from "../../auth/known-keys.ts";
import { invalidInput, Refusal } from "../../refusal.ts";
import type { ValidWrite } from "../../valid-write.ts";

export type WritableTypes = Pick<Catalog, "operation" | "operations">;

/** The contract's schema without its walk through the input: it was parsed from JSON, so it is JSON. */
export const writeSchema = submitOperationSchema.extend({
  input: z.custom<unknown>((value) => value !== undefined, "is required"),
});

export interface AskedWrite extends Omit<SubmitOperation, "input"> {
  input?: unknown;
  idempotencyKey?: string | undefined;
}

/**
 * A write as its operation type takes it.
 * @throws {Refusal} unknown-operation-type, invalid-input, entity-mismatch
 */
export function readWrite(
  types: WritableTypes,
  { type, entity, input, id, idempotencyKey }: AskedWrite,
  caller: Caller,
  traceparent: string,
): ValidWrite {
  const definition = definitionOf(types, type);
  return {
    definition,
    input,
    entity: entityOf(definition, input, entity),
    ...(id === undefined ? {} : { id }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    tenantId: caller.tenantId,
    ...(caller.partnerId === undefined ? {} : { audience: [caller.partnerId] }),
    traceparent,
  };
}

/** @throws {Refusal} invalid-input */
export function idempotencyKeyOf(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  if (typeof header === "string" && header.length >= 1 && header.length <= limits.idempotencyKeyMaxChars) return header;
  const message = `must have 1 to ${limits.idempotencyKeyMaxChars} characters, and be given once`;
  throw new Refusal("invalid-input", `The header Idempotency-Key ${message}.`, { errors: [{ pointer: "", message }] });
}

function definitionOf(catalog: WritableTypes, type: string): OperationDefinition {
  const definition = catalog.operation(type);
  if (definition !== undefined) return definition;
  const types = [...new Set(catalog.operations.map((each) => each.type))].sort();
  const existing = types.join(", ") || "none, because no catalog is loaded (POSTBACK_CATALOG)";
  throw new Refusal("unknown-operation-type", `There is no operation type of this name; there are: ${existing}.`, {
    errors: [{ pointer: "/type", message: "names no operation type" }],
  });
}

/** What the input says it is about. The input itself goes on as it came: the steps parse it again. */
function entityOf(definition: OperationDefinition, input: unknown, given: Entity | undefined): Entity {
  const checked = validateInput(definition, input, given === undefined ? {} : { entity: given });
  if (checked.ok) return checked.entity;
  if (checked.problem === "invalid-input") throw invalidInput(checked.errors);
  throw new Refusal("entity-mismatch", `The entity ${checked.errors[0]?.message ?? "does not agree"}.`, {
    errors: checked.errors,
  });
}
