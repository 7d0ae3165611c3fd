import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** Readable by its owner alone. */
const secretMode = 0o600;

/** What the file holds; on the first call it is made. Of two processes that call at the same time one makes it. */
export function keptSecret(file: string, make: () => string): string {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${make()}\n`, { flag: "wx", mode: secretMode });
  } catch (error) {
    if (!isExisting(error)) throw error;
  }
  return readFileSync(file, "utf8").trim();
}

const isExisting = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "EEXIST";
