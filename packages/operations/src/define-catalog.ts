import { isAbsolute } from "node:path";
import { fileURLToPath } from "node:url";
import type { OperationDefinition } from "./define-operation.ts";
import type { EventSchemas } from "./step-context.ts";

export interface CatalogOptions {
  /** Lower-case words joined by `-`. */
  readonly name: string;
  readonly operations: readonly OperationDefinition[];
  /** Every event that its operations emit, with the schema of its data. */
  readonly events: EventSchemas;
  /** The folder of its SQL files: `new URL("../migrations/", import.meta.url)` or an absolute path. */
  readonly migrations?: string | URL;
  /** Its schema in Postback's database; default the name, with `_` for `-`. */
  readonly schema?: string;
}

export interface CatalogDefinition {
  /** Told by value, not by class: a catalog may bring its own copy of this package. */
  readonly kind: "postback-catalog";
  readonly name: string;
  readonly operations: readonly OperationDefinition[];
  readonly events: EventSchemas;
  readonly migrationsDir?: string;
  readonly schema: string;
}

/** A catalog: the default export of an npm package that `POSTBACK_CATALOG` names (design §11). */
export function defineCatalog({ name, operations, events, migrations, schema }: CatalogOptions): CatalogDefinition {
  return Object.freeze({
    kind: "postback-catalog",
    name,
    operations,
    events,
    schema: schema ?? name.replaceAll("-", "_"),
    ...(migrations === undefined ? {} : { migrationsDir: pathOf(name, migrations) }),
  });
}

function pathOf(name: string, migrations: string | URL): string {
  if (migrations instanceof URL) return fileURLToPath(migrations);
  if (isAbsolute(migrations)) return migrations;
  throw new TypeError(
    `The catalog ${name} gives its migrations as "${migrations}", relative to nothing: use new URL("../migrations/", import.meta.url)`,
  );
}
