import { spawn } from "node:child_process";
import { StartFailure } from "./start-failure.ts";

export interface RunOptions {
  /** What it reads. Default: nothing. */
  readonly input?: string;
  /** What its output has when it failed, for a program whose exit code doesn't tell. */
  readonly failure?: RegExp;
}

/**
 * Runs a short program to its end.
 *
 * @throws StartFailure with its output when it can't be run or fails
 */
export function runToEnd(
  name: string,
  command: string,
  args: readonly string[],
  { input = "", failure }: RunOptions = {},
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
    let output = "";
    const keep = (chunk: string): void => {
      output += chunk;
    };
    child.stdout.setEncoding("utf8").on("data", keep);
    child.stderr.setEncoding("utf8").on("data", keep);
    child.once("error", (error) => reject(new StartFailure(`${name} could not be run: ${error.message}`, output)));
    child.once("close", (code, signal) => {
      if (code === 0 && !failure?.test(output)) resolve();
      else reject(new StartFailure(`${name} ended with ${signal ?? `code ${code}`}.`, output));
    });
    child.stdin.end(input);
  });
}
