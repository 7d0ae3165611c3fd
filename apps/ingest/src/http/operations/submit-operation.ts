import { type Entity, limits, submitOperationSchema } from "@postback/contracts";
import { type Catalog, type OperationDefinition, validateInput } from "@postback/operations";
import { z } from "zod";
import type { Accepted, AcceptOperation } from "../../accept-operation.ts";
import type { Caller } from "../../auth/known-keys.ts";
import { invalidInput, Refusal } from "../../refusal.ts";
import { sendJson } from "../context.ts";
import { readJsonAs } from "../json-request.ts";
import type { Handler } from "../middleware/authorize.ts";
import { traceparentOf } from "../traceparent.ts";
import { presentOperation } from "./present-operation.ts";

export interface SubmitOperationOptions {
  acceptOperation: AcceptOperation;
  catalog: Pick<Catalog, "operation" | "operations">;
}

/** The contract's schema without its walk through the input: it was parsed from JSON, so it is JSON. */
const bodySchema = submitOperationSchema.extend({
  input: z.custom<unknown>((value) => value !== undefined, "is required"),
});

/** A write with sync steps is there when it is answered: by this request, or by an earlier one that this repeats. */
const statuses = { accepted: 202, made: 201, found: 200 } as const satisfies Record<Accepted["kind"], number>;

/** Seconds after which asking for the status makes sense. */
const askAgainSeconds = "1";

export function submitOperation({ acceptOperation, catalog }: SubmitOperationOptions): Handler {
  return async (ctx, caller) => {
    const { headers } = ctx.req;
    const idempotencyKey = idempotencyKeyOf(headers["idempotency-key"]);
    const body = await readJsonAs(ctx.req, bodySchema);
    const definition = definitionOf(catalog, body.type);
    const { kind, operation } = await acceptOperation({
      definition,
      input: body.input,
      entity: entityOf(definition, body.input, body.entity),
      ...(body.id === undefined ? {} : { id: body.id }),
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      ...callerPart(caller),
      traceparent: traceparentOf(headers["traceparent"] as string | undefined),
    });
    ctx.res.setHeader("location", `/v1/operations/${operation.id}`);
    if (kind === "accepted" || operation.completedAt === null) ctx.res.setHeader("retry-after", askAgainSeconds);
    sendJson(ctx, statuses[kind], JSON.stringify(presentOperation(operation)));
  };
}

const callerPart = ({ tenantId, partnerId }: Caller) => ({
  tenantId,
  ...(partnerId === undefined ? {} : { audience: [partnerId] }),
});

function idempotencyKeyOf(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  if (typeof header === "string" && header.length >= 1 && header.length <= limits.idempotencyKeyMaxChars) return header;
  const message = `must have 1 to ${limits.idempotencyKeyMaxChars} characters, and be given once`;
  throw new Refusal("invalid-input", `The header Idempotency-Key ${message}.`, { errors: [{ pointer: "", message }] });
}

function definitionOf(catalog: SubmitOperationOptions["catalog"], type: string): OperationDefinition {
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
