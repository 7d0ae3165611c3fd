#!/usr/bin/env node
// Plain JavaScript for any Node ≥ 20: sets up what is missing, then goes on in the Node of the lock file.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { pinnedNode, root } from "./setup/paths.mjs";
import { explain } from "./setup/setup-error.mjs";
import { setUp } from "./setup.mjs";

const help = `Usage: npm start [-- --no-demo]

Starts a whole Postback on this machine and does its main job in front of you: an order is submitted and followed,
and the signed webhook that arrives is shown. It stays up until Ctrl-C; its data is kept in .postback/dev.

  --no-demo   leaves the demonstration out
  --help      shows this

  PORT              of the HTTP API (default 8080; 0 takes a free one)
  KAFKA_BROKERS     brokers to use, host:port, in place of the embedded Kafka
  DATABASE_URL      PostgreSQL to use, postgresql://user:password@host:port/database, in place of the embedded one
  POSTBACK_CATALOG  catalogs to load in place of the shop; then there is no demonstration
  PARTITIONS        of each topic (default 12), fixed once they are made
  LOG_LEVEL         of the apps (default info); logs are in .postback/dev/logs

While it runs .postback/dev.env holds POSTBACK_URL and POSTBACK_API_KEY.
Needs Node ≥ 20; for the embedded Kafka Java ≥ 17 and, once, Maven.
`;

const passedOn = /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]);

/** @param {string[]} args */
async function main(args) {
  if (args.includes("--help") || args.includes("-h")) return void process.stdout.write(help);
  await setUp({ kafka: "embedded" });
  process.exitCode = await goOn(args);
}

/**
 * Runs the rest. It ends by itself after a signal, and when this process is gone (the channel tells it).
 *
 * @param {string[]} args
 * @returns {Promise<number>} its exit code
 */
function goOn(args) {
  return new Promise((resolve, reject) => {
    const child = spawn(pinnedNode, [join(root, "scripts", "dev", "main.ts"), ...args], {
      cwd: root,
      stdio: ["inherit", "inherit", "inherit", "ipc"],
      shell: process.platform === "win32",
    });
    for (const signal of passedOn) process.on(signal, () => child.kill(signal));
    child.on("error", reject);
    child.on("exit", (code) => resolve(code ?? 1));
  });
}

main(process.argv.slice(2)).catch((error) => {
  const { message, remedy } = explain(error);
  process.stderr.write(`\nPostback did not start: ${message}\n\n${remedy}\n`);
  process.exitCode = 1;
});
