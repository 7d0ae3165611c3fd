import { eventTypePattern, limits as wire } from "@postback/contracts";
import { checkOperation } from "./check-operation.ts";
import type { CatalogDefinition } from "./define-catalog.ts";
import type { OperationDefinition } from "./define-operation.ts";

const catalogName = /^[a-z][a-z0-9-]{0,62}$/;
const schemaName = /^[a-z][a-z0-9_]{0,62}$/;
const reservedSchemas: ReadonlySet<string> = new Set(["public", "postback", "information_schema"]);
/** Events that Postback tells itself. */
const reservedEvents = ["operation.", "endpoint."];

/** Everything that is wrong with a catalog, as sentences that name catalog, operation and rule; none when it is right. */
export function checkCatalog(catalog: CatalogDefinition): readonly string[] {
  const problems = [
    ...checkNames(catalog),
    ...checkEventTypes(catalog),
    ...checkTypesOnce(catalog),
    ...catalog.operations.flatMap((operation) =>
      checkOperation(operation, catalog.events, isNewest(operation, catalog)),
    ),
  ];
  return problems.map((problem) => `catalog ${catalog.name}: ${problem}`);
}

const isNewest = ({ type, revision }: OperationDefinition, { operations }: CatalogDefinition): boolean =>
  !operations.some((other) => other.type === type && other.revision > revision);

function checkNames({ name, schema }: CatalogDefinition): readonly string[] {
  const problems: string[] = [];
  if (!catalogName.test(name)) problems.push("its name must be lower-case words joined by -, of at most 63 characters");
  if (!schemaName.test(schema)) problems.push(`its schema "${schema}" must be lower-case words joined by _`);
  if (reservedSchemas.has(schema) || schema.startsWith("pg_")) problems.push(`its schema "${schema}" is reserved`);
  return problems;
}

const checkEventTypes = ({ events }: CatalogDefinition): readonly string[] =>
  Object.keys(events).flatMap((type) => {
    if (!eventTypePattern.test(type) || type.length > wire.eventTypeMaxChars) {
      return [`the event type "${type}" must be lower-case words joined by dots, like order.placed`];
    }
    const reserved = reservedEvents.find((prefix) => type.startsWith(prefix));
    return reserved === undefined ? [] : [`the event type ${type} is reserved: Postback tells ${reserved}* itself`];
  });

function checkTypesOnce({ operations }: CatalogDefinition): readonly string[] {
  const seen = new Set<string>();
  return operations.flatMap(({ type, revision }) => {
    const key = `${type} (revision ${revision})`;
    if (seen.has(key)) return [`operation ${key} is defined twice`];
    seen.add(key);
    return [];
  });
}
