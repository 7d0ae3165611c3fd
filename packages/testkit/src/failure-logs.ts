import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, inject } from "vitest";

const checkout = fileURLToPath(new URL("../../../", import.meta.url));
/** Where a failing test leaves its logs. */
const testLogs = join(checkout, ".postback", "test-logs");

/** Of each source; the newest is kept. */
const keptMaxChars = 1_048_576;
const brokerTailChars = 65_536;

export interface FailureLogs {
  /** Keeps output of a source (`processor`, `receiver`) until it is known whether the test fails. */
  write(source: string, chunk: string | Uint8Array): void;
}

/**
 * Keeps logs while a test runs, and leaves them in `.postback/test-logs/<file>/<test>/` when it fails, with the end of
 * the brokers' logs. Call it once, at the top of a test file.
 */
export function failureLogs(): FailureLogs {
  const kept = new Map<string, string>();
  beforeEach(({ task, onTestFailed }) => {
    kept.clear();
    onTestFailed(() => {
      const folder = join(testLogs, slug(relative(checkout, task.file.filepath)), slug(task.name));
      leave(folder, new Map([...kept, ...brokerLogs()]));
    });
  });
  return {
    write: (source, chunk) => {
      const text = typeof chunk === "string" ? chunk : Buffer.from(chunk).toString("utf8");
      kept.set(source, ((kept.get(source) ?? "") + text).slice(-keptMaxChars));
    },
  };
}

function brokerLogs(): Map<string, string> {
  const files = Object.entries(inject("brokers").logFiles);
  return new Map(files.map(([name, file]) => [name, readFileSync(file, "utf8").slice(-brokerTailChars)]));
}

function leave(folder: string, logs: ReadonlyMap<string, string>): void {
  mkdirSync(folder, { recursive: true });
  for (const [source, text] of logs) writeFileSync(join(folder, `${slug(source)}.log`), text);
  console.error(`The logs of this test are in ${relative(checkout, folder)}`);
}

function slug(text: string): string {
  return text.replaceAll(/[^\w.-]+/g, "-").slice(0, 100);
}
