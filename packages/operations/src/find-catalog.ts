import { readFile, stat } from "node:fs/promises";
import { findPackageJSON } from "node:module";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { CatalogError } from "./catalog-error.ts";

/** Conditions of `exports` that a catalog's entry may stand under, in the order of preference. */
const conditions = ["node", "import", "default"] as const;

const exportTarget = z.union([z.string(), z.record(z.string(), z.unknown())]);
const packageSchema = z.object({ exports: exportTarget.optional(), main: z.string().optional() });

/**
 * The file that a name in `POSTBACK_CATALOG` stands for: a package, as Node finds it from the folder `from`, or the path of
 * a package's folder or of a module, relative to `from`.
 */
export async function findCatalog(name: string, from: string): Promise<string> {
  const isPath = name.startsWith(".") || isAbsolute(name);
  if (!isPath) return entryOf(dirname(findPackage(name, from)));
  const path = resolve(from, name);
  const found = await stat(path).catch((error: unknown) => {
    throw notFound(name, from, error);
  });
  return found.isDirectory() ? entryOf(path) : path;
}

function findPackage(name: string, from: string): string {
  try {
    const found = findPackageJSON(name, pathToFileURL(join(from, "package.json")));
    if (found !== undefined) return found;
  } catch (error) {
    throw notFound(name, from, error);
  }
  throw notFound(name, from);
}

async function entryOf(dir: string): Promise<string> {
  const file = join(dir, "package.json");
  try {
    const { exports, main } = packageSchema.parse(JSON.parse(await readFile(file, "utf8")));
    return join(dir, targetOf(exports) ?? main ?? "index.js");
  } catch (error) {
    throw new CatalogError("catalog-not-found", [`${file} can't be read as the package of a catalog`], {
      cause: error,
    });
  }
}

/** The target of `exports` for `.`, whether it stands there straight, under `"."` or under conditions. */
function targetOf(exports: unknown): string | undefined {
  if (typeof exports === "string") return exports;
  if (typeof exports !== "object" || exports === null) return undefined;
  const entries = exports as Readonly<Record<string, unknown>>;
  const key = Object.hasOwn(entries, ".") ? "." : conditions.find((condition) => Object.hasOwn(entries, condition));
  return key === undefined ? undefined : targetOf(entries[key]);
}

const notFound = (name: string, from: string, cause?: unknown): CatalogError =>
  new CatalogError("catalog-not-found", [`POSTBACK_CATALOG names ${name}, which can't be found from ${from}`], {
    cause,
  });
