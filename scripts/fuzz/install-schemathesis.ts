import { execFileSync } from "node:child_process";
import { join } from "node:path";

/** Another version makes up other requests from the same seed. */
const schemathesisVersion = "4.32.5";
const installTimeoutMs = 300_000;

/** Python, its venv or pip can't do what is needed; the message says what to do. */
export class PythonMissing extends Error {
  override readonly name = "PythonMissing";
}

/** Installs schemathesis into a virtual environment of its own. @returns its program @throws {PythonMissing} */
export function installSchemathesis(folder: string): string {
  const environment = join(folder, "python");
  run("python3", ["-m", "venv", environment], "Install Python 3.10 or newer, with venv (Debian: python3-venv).");
  const bin = join(environment, process.platform === "win32" ? "Scripts" : "bin");
  run(
    join(bin, "pip"),
    ["install", "--quiet", "--disable-pip-version-check", `schemathesis==${schemathesisVersion}`],
    "pip must reach a package index with it; or install it yourself and name its program by --schemathesis.",
  );
  return join(bin, "schemathesis");
}

function run(program: string, args: readonly string[], remedy: string): void {
  try {
    execFileSync(program, args, { stdio: ["ignore", "ignore", "pipe"], encoding: "utf8", timeout: installTimeoutMs });
  } catch (error) {
    const said = error instanceof Error ? error.message.trim() : String(error);
    throw new PythonMissing(`${program} ${args.join(" ")} failed.\n${remedy}\n\n${said}`, { cause: error });
  }
}
