import { readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { z } from "zod";
import { CatalogError } from "../catalog-error.ts";
import { loadCatalogs } from "../load-catalogs.ts";
import { type CatalogLock, catalogLockSchema, lockOf } from "../lock/catalog-lock.ts";
import { compareLock, type LockChange } from "../lock/compare-lock.ts";
import { describeCatalog } from "./describe-catalog.ts";

export interface CheckOperations {
  /** As in `POSTBACK_CATALOG`. */
  readonly catalogs: string;
  /** Catalogs and lock files are found from here. */
  readonly from: string;
  /** A lock file that the catalogs must agree with. */
  readonly against?: string | undefined;
  /** The lock file to write. */
  readonly write?: string | undefined;
}

export interface Checked {
  /** To be shown in any case. */
  readonly report: string;
  /** None when all is right. */
  readonly problems: readonly string[];
}

/**
 * Proves catalogs, and that they keep what a lock file holds. What the lock file lacks is a problem unless it is written now;
 * nothing is written while there is a problem.
 */
export async function checkOperations({ catalogs, from, against, write }: CheckOperations): Promise<Checked> {
  const catalog = await loadCatalogs(catalogs, { from }).catch(asProblems);
  if (Array.isArray(catalog)) return { report: "", problems: catalog };
  const current = lockOf(catalog);
  const found = against === undefined ? [] : differences(await readLock(resolve(from, against)), current, against);
  const problems = found.filter(({ kind }) => kind === "breaking" || write === undefined).map(({ text }) => text);
  if (write !== undefined && problems.length === 0) await writeFile(resolve(from, write), textOf(current));
  return { report: describeCatalog(catalog), problems };
}

/** @throws what is no problem of a catalog */
function asProblems(error: unknown): string[] {
  if (error instanceof CatalogError) return [...error.problems];
  throw error;
}

function differences(locked: CatalogLock | string, current: CatalogLock, file: string): readonly LockChange[] {
  if (typeof locked === "string") return [{ kind: "breaking", text: locked }];
  const advice = `. ${file} doesn't say so yet: add --write ${file}, and commit it`;
  return compareLock(locked, current).map(({ kind, text }) => ({
    kind,
    text: kind === "breaking" ? text : text + advice,
  }));
}

async function readLock(file: string): Promise<CatalogLock | string> {
  try {
    return catalogLockSchema.parse(JSON.parse(await readFile(file, "utf8")));
  } catch (error) {
    const reason =
      error instanceof z.ZodError ? z.prettifyError(error) : error instanceof Error ? error.message : error;
    return `${file} can't be read as a lock of operations: ${reason}. --write makes one`;
  }
}

const textOf = (lock: CatalogLock): string => `${JSON.stringify(lock, null, 2)}\n`;
