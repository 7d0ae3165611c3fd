import type { StepKind } from "@postback/domain";
import { z } from "zod";
import type { Catalog } from "../catalog.ts";
import type { OperationDefinition } from "../define-operation.ts";
import type { StepDefinition } from "../step-definition.ts";
import { schemaHash } from "./schema-hash.ts";

const undoings = ["compensate", "irreversible", "none", "last"] as const;
const stepKinds = ["transaction", "http", "task"] as const satisfies readonly StepKind[];

const lockedStepSchema = z.strictObject({
  name: z.string(),
  kind: z.enum(stepKinds),
  sync: z.literal(true).optional(),
  queue: z.string().optional(),
  undo: z.enum(undoings),
});
const lockedRevisionSchema = z.strictObject({
  entity: z.string(),
  whenStuck: z.literal("go-on").optional(),
  /** In their order. */
  steps: z.array(lockedStepSchema),
  /** SHA-256 of the JSON Schema. */
  input: z.string(),
  /** Event type → SHA-256 of the JSON Schema of its data. */
  events: z.record(z.string(), z.string()),
});

/** What a catalog's lock file holds: operation type → revision → what operations in flight rely on. */
export const catalogLockSchema = z.strictObject({
  lockVersion: z.literal(1),
  operations: z.record(z.string(), z.record(z.string(), lockedRevisionSchema)),
});

export type CatalogLock = z.output<typeof catalogLockSchema>;
export type LockedRevision = z.output<typeof lockedRevisionSchema>;
export type LockedStep = z.output<typeof lockedStepSchema>;

/** The lock of what is defined now; types and revisions in order, so that a change of it reads as what was changed. */
export function lockOf({ operations }: Pick<Catalog, "operations">): CatalogLock {
  const ordered = [...operations].sort((a, b) => compareText(a.type, b.type) || a.revision - b.revision);
  const locked: Record<string, Record<string, LockedRevision>> = {};
  for (const definition of ordered) {
    locked[definition.type] = { ...locked[definition.type], [definition.revision]: lockedRevision(definition) };
  }
  return { lockVersion: 1, operations: locked };
}

function lockedRevision({ entity, steps, input, events, whenStuck }: OperationDefinition): LockedRevision {
  const hashes = Object.entries(events).map(([type, schema]) => [type, schemaHash(schema, "output")] as const);
  return {
    entity: entity.type,
    ...(whenStuck === "go-on" ? { whenStuck } : {}),
    steps: steps.map(lockedStep),
    input: schemaHash(input, "input"),
    events: Object.fromEntries(hashes.sort(([a], [b]) => compareText(a, b))),
  };
}

const lockedStep = (step: StepDefinition): LockedStep => ({
  name: step.name,
  kind: step.kind,
  ...(step.sync === true ? { sync: true } : {}),
  ...(step.queue === undefined ? {} : { queue: step.queue }),
  undo: undoOf(step),
});

function undoOf({ compensate, irreversible, effect }: StepDefinition): LockedStep["undo"] {
  if (compensate !== undefined) return "compensate";
  if (irreversible !== undefined) return "irreversible";
  return effect ?? "last";
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
