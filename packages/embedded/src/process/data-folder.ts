import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface DataFolder {
  readonly path: string;
  /** Removes it when it was made for this run alone. */
  discard(): void;
}

/** The given folder, kept; without one, a temporary folder that goes when its broker stops. */
export function dataFolder(name: string, path?: string): DataFolder {
  if (path !== undefined) return { path, discard: () => undefined };
  const temporary = mkdtempSync(join(tmpdir(), `postback-${name}-`));
  return { path: temporary, discard: () => rmSync(temporary, { recursive: true, force: true }) };
}
