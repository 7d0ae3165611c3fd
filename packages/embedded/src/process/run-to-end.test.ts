import { expect, it } from "vitest";
import { runToEnd } from "./run-to-end.ts";

const node = (script: string) => [process.execPath, ["-e", script]] as const;

it("resolves when the program ends well, and hands it its input", async () => {
  const script = "process.stdin.on('data', (d) => process.exit(String(d) === 'hello' ? 0 : 3))";
  await runToEnd("node", ...node(script), { input: "hello" });
});

it("rejects with the output of a program that fails", async () => {
  await expect(runToEnd("node", ...node("console.error('no space'); process.exit(2)"))).rejects.toThrow(
    /node ended with code 2[\s\S]*no space/,
  );
});

it("rejects when the output tells of a failure that the exit code doesn't", async () => {
  const run = runToEnd("node", ...node("console.log('ERROR: disk full')"), { failure: /ERROR: / });
  await expect(run).rejects.toThrow(/disk full/);
});
