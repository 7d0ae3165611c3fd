import type { Catalog } from "../catalog.ts";
import type { OperationDefinition } from "../define-operation.ts";
import { variableOf } from "../secrets/secret-reference.ts";
import type { StepDefinition } from "../step-definition.ts";
import { syncStepsOf } from "../sync-steps.ts";

/** What was proved of the catalogs, to read: each revision with its steps and how each is undone. */
export function describeCatalog(catalog: Catalog): string {
  const operations = catalog.operations.toSorted((a, b) =>
    a.type === b.type ? a.revision - b.revision : a.type < b.type ? -1 : 1,
  );
  const migrations = catalog.migrations.map((each) => `${each.catalog} in schema ${each.schema}`);
  return [
    ...operations.map((definition) => describeOperation(catalog, definition)),
    `Events with a schema: ${[...catalog.events.keys()].sort().join(", ") || "none"}`,
    `Queues: ${catalog.queues.join(", ") || "none"}`,
    `Tables: ${migrations.join(", ") || "none"}`,
  ].join("\n");
}

function describeOperation(catalog: Catalog, definition: OperationDefinition): string {
  const { type, revision, entity, events, example, steps, whenStuck } = definition;
  const isNewest = catalog.operation(type) === definition;
  const facts = [
    `entity ${entity.type}`,
    `answers ${syncStepsOf(definition).length > 0 ? 201 : 202}`,
    example === undefined ? "no example" : "example accepted",
    Object.keys(events).length === 0 ? "no events" : `may tell ${Object.keys(events).sort().join(", ")}`,
    ...(whenStuck === "go-on" ? ["its entity goes on while one is stuck"] : []),
  ];
  const head = `${type}  revision ${revision}${isNewest ? "" : " (only for what began under it)"}: ${facts.join(", ")}`;
  return [head, ...alignColumns(steps.map(describeStep)), ""].join("\n");
}

const describeStep = (step: StepDefinition, index: number): readonly string[] => [
  `${index + 1}`,
  step.name,
  step.sync === true ? "sync transaction" : step.kind,
  step.queue === undefined ? "" : `queue ${step.queue}`,
  Object.keys(step.secrets).length === 0 ? "" : `reads ${Object.values(step.secrets).map(variableOf).join(", ")}`,
  undoing(step),
];

function undoing({ compensate, irreversible, effect }: StepDefinition): string {
  if (compensate !== undefined) return "undone by its compensate";
  if (irreversible !== undefined) return `irreversible: ${irreversible}`;
  return effect === "none" ? "only reads" : "the last: its success is the operation's";
}

function alignColumns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}`.trimEnd());
}
