import { spawn } from "node:child_process";
import { delimiter } from "node:path";
import { nodeModules, root } from "./paths.mjs";
import { SetupError } from "./setup-error.mjs";

const headMaxChars = 2_000;
const tailMaxChars = 3_000;

/**
 * Runs a program to its end. The beginning and the end of its output are kept for the error.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, remedy: string, onLine?: (line: string) => void }} options
 *   `remedy` is what to do when it fails
 * @returns {Promise<void>}
 */
export function runCommand(command, args, { cwd = root, env = process.env, remedy, onLine }) {
  return new Promise((resolve, reject) => {
    const shell = process.platform === "win32";
    const child = spawn(command, args, { cwd, env, shell, stdio: ["ignore", "pipe", "pipe"] });
    let head = "";
    let tail = "";
    let unfinished = "";
    const read = (/** @type {string} */ chunk) => {
      const room = headMaxChars - head.length;
      head += chunk.slice(0, room);
      tail = (tail + chunk.slice(room)).slice(-tailMaxChars);
      const lines = (unfinished + chunk).split("\n");
      unfinished = lines.pop() ?? "";
      for (const line of lines) onLine?.(line);
    };
    child.stdout.setEncoding("utf8").on("data", read);
    child.stderr.setEncoding("utf8").on("data", read);
    child.on("error", (cause) =>
      reject(new SetupError(`${command} could not be run: ${cause.message}`, remedy, { cause })),
    );
    child.on("close", (code, signal) => {
      if (code === 0) return resolve();
      reject(
        new SetupError(
          `${command} ${args[0] ?? ""} ended with ${signal ?? code}:\n${head}${tail.length === tailMaxChars ? "\n…\n" : ""}${tail}`,
          remedy,
        ),
      );
    });
  });
}

/**
 * The environment without this project's own binaries on PATH: npm must not run on the Node that it is about to replace.
 *
 * @returns {NodeJS.ProcessEnv}
 */
export function outsideEnvironment() {
  const ours = (/** @type {string} */ folder) => folder.startsWith(nodeModules);
  const path = (process.env.PATH ?? "").split(delimiter).filter((folder) => !ours(folder));
  return { ...process.env, PATH: path.join(delimiter) };
}
