import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it, vi } from "vitest";
import { startGuarded } from "./guarded-process.ts";

const folder = mkdtempSync(join(tmpdir(), "postback-guard-"));
afterAll(() => rmSync(folder, { recursive: true }));

const stubborn = "process.on('SIGTERM', () => {}); console.log('up'); setInterval(() => {}, 1000)";

function isAlive(pid: number): boolean {
  try {
    // A process that has ended but that nobody has waited for is no longer at work.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

function start(name: string, script: string) {
  const logFile = join(folder, `${name}.log`);
  return startGuarded({ command: process.execPath, args: ["-e", script], logFile, stopSignal: "SIGTERM" });
}

it.runIf(process.platform === "linux")("ends a program whose parent was killed", async () => {
  const guarded = JSON.stringify(new URL("./guarded-process.ts", import.meta.url).href);
  const logFile = JSON.stringify(join(folder, "orphan.log"));
  const parent = spawn(process.execPath, [
    "--input-type=module",
    "-e",
    `import { startGuarded } from ${guarded};
     const { pid } = startGuarded({ command: "sleep", args: ["60"], logFile: ${logFile}, stopSignal: "SIGTERM" });
     console.log(pid);
     setInterval(() => {}, 1000);`,
  ]);
  const [line] = await once(parent.stdout, "data");
  const pid = Number(String(line));
  expect(isAlive(pid)).toBe(true);
  parent.kill("SIGKILL");
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 5_000 });
});

it("stops a program by its signal, within the grace time", async () => {
  const program = start("mild", "console.log('up'); setInterval(() => {}, 1000)");
  await vi.waitFor(() => expect(readFileSync(program.logFile, "utf8")).toContain("up"), { timeout: 5_000 });
  await program.stop(5_000);
  expect(program.ended()).toBe("ended with SIGTERM");
});

it("kills a program that doesn't end within the grace time", async () => {
  const program = start("stubborn", stubborn);
  await vi.waitFor(() => expect(readFileSync(program.logFile, "utf8")).toContain("up"), { timeout: 5_000 });
  await program.stop(100);
  expect(program.ended()).toBe("ended with SIGKILL");
});

it("keeps the log of the run before", async () => {
  for (const words of ["first", "second"]) {
    const program = start("twice", `console.log('${words}')`);
    await vi.waitFor(() => expect(program.ended()).toBe("ended with code 0"), { timeout: 5_000 });
  }
  expect(readFileSync(join(folder, "twice.log"), "utf8")).toBe("second\n");
  expect(readFileSync(join(folder, "twice.log.previous"), "utf8")).toBe("first\n");
});
