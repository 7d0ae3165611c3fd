#!/usr/bin/env node
/** The command `postback`. */
import { text } from "node:stream/consumers";
import { commands } from "./commands.ts";
import { terminalOutput } from "./output/terminal-output.ts";
import { run } from "./run.ts";

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
// A reader that has had enough (`postback tail | head`) is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  stop.abort();
});

process.exitCode = await run(commands, process.argv.slice(2), {
  env: process.env,
  out: terminalOutput(process.stdout, process.stderr, process.env["NO_COLOR"]),
  signal: stop.signal,
  readStdin: () => text(process.stdin),
  now: () => new Date(),
});
