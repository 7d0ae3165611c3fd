import type { DefinitionShape } from "@postback/domain";
import type { z } from "zod";
import { CatalogError } from "./catalog-error.ts";
import { checkCatalog } from "./check-catalog.ts";
import type { CatalogDefinition } from "./define-catalog.ts";
import type { OperationDefinition } from "./define-operation.ts";
import { shapeOf } from "./shape-of.ts";
import { syncStepsOf } from "./sync-steps.ts";

export interface CatalogMigrations {
  /** The catalog's name. */
  readonly catalog: string;
  readonly dir: string;
  readonly schema: string;
}

/** All catalogs of a process, as one. */
export interface Catalog {
  /** Without a revision, the highest: what new operations are accepted under. */
  operation(type: string, revision?: number): OperationDefinition | undefined;
  /** Every revision of every type. */
  readonly operations: readonly OperationDefinition[];
  readonly events: ReadonlyMap<string, { readonly catalog: string; readonly schema: z.ZodType }>;
  readonly migrations: readonly CatalogMigrations[];
  /** The queues that steps name, each once. */
  readonly queues: readonly string[];
  /** Types of entities that an operation with sync steps is about: admission has to look out for those. */
  readonly syncEntityTypes: ReadonlySet<string>;
  /** Some type with sync steps goes ahead of what is queued for its entity (`whenBusy: "run"`). */
  readonly goesAhead: boolean;
  shapeOf(definition: OperationDefinition): DefinitionShape;
}

/**
 * Checks the catalogs, each by itself and against each other, and joins them.
 * @throws {CatalogError} `catalog-invalid`, with every problem of all of them
 */
export function joinCatalogs(definitions: readonly CatalogDefinition[]): Catalog {
  const problems = [...definitions.flatMap(checkCatalog), ...checkApart(definitions)];
  if (problems.length > 0) throw new CatalogError("catalog-invalid", problems);
  const operations = definitions.flatMap((catalog) => catalog.operations);
  const byType = Map.groupBy(operations, ({ type }) => type);
  for (const revisions of byType.values()) revisions.sort((a, b) => b.revision - a.revision);
  return {
    operations,
    operation: (type, revision) =>
      byType.get(type)?.find((definition) => revision === undefined || definition.revision === revision),
    events: new Map(definitions.flatMap(eventsOf)),
    migrations: definitions.flatMap(migrationsOf),
    queues: [...new Set(operations.flatMap(({ steps }) => steps.flatMap(({ queue }) => queue ?? [])))].sort(),
    syncEntityTypes: new Set(
      operations.filter((each) => syncStepsOf(each).length > 0).map(({ entity }) => entity.type),
    ),
    goesAhead: operations.some(({ whenBusy }) => whenBusy === "run"),
    shapeOf,
  };
}

const eventsOf = ({ name, events }: CatalogDefinition) =>
  Object.entries(events).map(([type, schema]) => [type, { catalog: name, schema }] as const);

const migrationsOf = ({ name, migrationsDir, schema }: CatalogDefinition): readonly CatalogMigrations[] =>
  migrationsDir === undefined ? [] : [{ catalog: name, dir: migrationsDir, schema }];

/** Catalogs share the names of types, events and schemas; no two may use the same one. */
function checkApart(definitions: readonly CatalogDefinition[]): readonly string[] {
  return [
    ...sharedBy(definitions, "the name", ({ name }) => [name]),
    ...sharedBy(definitions, "the schema", ({ schema }) => [schema]),
    ...sharedBy(definitions, "the operation type", ({ operations }) => operations.map(({ type }) => type)),
    ...sharedBy(definitions, "the event type", ({ events }) => Object.keys(events)),
  ];
}

function sharedBy(
  definitions: readonly CatalogDefinition[],
  what: string,
  namesOf: (catalog: CatalogDefinition) => readonly string[],
): readonly string[] {
  const uses = definitions.flatMap((catalog) =>
    [...new Set(namesOf(catalog))].map((name) => ({ name, catalog: catalog.name })),
  );
  const shared = [...Map.groupBy(uses, ({ name }) => name)].filter(([, users]) => users.length > 1);
  return shared.map(
    ([name, users]) => `catalogs ${users.map(({ catalog }) => catalog).join(" and ")}: both use ${what} ${name}`,
  );
}
