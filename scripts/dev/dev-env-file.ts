import { rmSync, writeFileSync } from "node:fs";

/**
 * Writes the file that leads others to the running Postback: shells (`source`), scripts and tests. It goes with this
 * process, unless that is killed.
 */
export function writeDevEnv(file: string, { url, apiKey }: { url: string; apiKey: string }): void {
  rmSync(file, { force: true });
  writeFileSync(file, `POSTBACK_URL=${url}\nPOSTBACK_API_KEY=${apiKey}\n`, { mode: 0o600 });
  process.once("exit", () => rmSync(file, { force: true }));
}
