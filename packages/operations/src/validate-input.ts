import { type Entity, entitySchema, type FieldError } from "@postback/contracts";
import type { z } from "zod";
import type { OperationDefinition } from "./define-operation.ts";

export interface ValidateInputOptions {
  /** The entity that the request names; it must agree with the input. */
  readonly entity?: Entity;
  /** JSON pointer of the input in the request; default `/input`. */
  readonly pointer?: string;
}

export type ValidatedInput =
  /** `value` is what the steps will see. What is stored and sent on is the input as it came: steps parse it again. */
  | { readonly ok: true; readonly value: unknown; readonly entity: Entity }
  | {
      readonly ok: false;
      readonly problem: "invalid-input" | "entity-mismatch";
      readonly errors: readonly FieldError[];
    };

/** Checks an input against its operation type, and says which entity it is about (design §10). */
export function validateInput(
  definition: OperationDefinition,
  input: unknown,
  { entity, pointer = "/input" }: ValidateInputOptions = {},
): ValidatedInput {
  const parsed = definition.input.safeParse(input);
  if (!parsed.success) return invalid(parsed.error.issues.flatMap((issue) => fieldErrors(issue, pointer)));
  const derived = { type: definition.entity.type, id: definition.entity.id(parsed.data as never) };
  if (!entitySchema.safeParse(derived).success) {
    return invalid([{ pointer, message: `gives no valid id of a ${derived.type}: 1 to 255 characters` }]);
  }
  if (entity !== undefined && (entity.type !== derived.type || entity.id !== derived.id)) {
    const message = `must be ${derived.type} "${derived.id}", as the input says, or be left out`;
    return { ok: false, problem: "entity-mismatch", errors: [{ pointer: "/entity", message }] };
  }
  return { ok: true, value: parsed.data, entity: derived };
}

const invalid = (errors: readonly FieldError[]): ValidatedInput => ({ ok: false, problem: "invalid-input", errors });

/** One error for each field at fault: zod reports the unknown keys of an object as one issue of the object. */
function fieldErrors(issue: z.core.$ZodIssue, prefix: string): FieldError[] {
  const at = prefix + pointerOf(issue.path);
  if (issue.code !== "unrecognized_keys") return [{ pointer: at, message: issue.message }];
  return issue.keys.map((key) => ({ pointer: at + pointerOf([key]), message: "is not a field of this input" }));
}

/** RFC 6901: `~` and `/` in a key are escaped. */
const pointerOf = (path: readonly PropertyKey[]): string =>
  path.map((key) => `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
