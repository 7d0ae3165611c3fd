import { pathToFileURL } from "node:url";
import { type Catalog, joinCatalogs } from "./catalog.ts";
import { CatalogError } from "./catalog-error.ts";
import type { CatalogDefinition } from "./define-catalog.ts";
import { findCatalog } from "./find-catalog.ts";

/**
 * Loads what `POSTBACK_CATALOG` names: packages or paths, separated by commas. None gives an empty catalog.
 * @param from the folder that packages and relative paths are found from
 * @throws {CatalogError} saying which catalog, which operation and which rule
 */
export async function loadCatalogs(names: string, { from }: { from: string }): Promise<Catalog> {
  const wanted = names.split(",").map((name) => name.trim());
  const files = wanted.filter((name) => name !== "").map((name) => loadCatalog(name, from));
  return joinCatalogs(await Promise.all(files));
}

async function loadCatalog(name: string, from: string): Promise<CatalogDefinition> {
  const file = await findCatalog(name, from);
  const module = await importFile(name, file);
  if (isCatalog(module.default)) return module.default;
  throw new CatalogError("catalog-invalid", [
    `the catalog ${name} (${file}): its default export is no defineCatalog(…)`,
  ]);
}

async function importFile(name: string, file: string): Promise<{ default?: unknown }> {
  try {
    return await import(pathToFileURL(file).href);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CatalogError("catalog-failed-to-load", [`the catalog ${name} (${file}) failed to load: ${reason}`], {
      cause: error,
    });
  }
}

const isCatalog = (value: unknown): value is CatalogDefinition =>
  typeof value === "object" && value !== null && "kind" in value && value.kind === "postback-catalog";
