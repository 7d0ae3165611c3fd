import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { packPackages } from "./pack-packages.ts";

/** Outside of the checkout: nothing of its node_modules is found from there. */
const folder = mkdtempSync(join(tmpdir(), "postback-packed-cli-"));
const execute = promisify(execFile);
/** The Node that runs this comes first, for npm's scripts too. */
const env = {
  ...process.env,
  PATH: `${dirname(process.execPath)}:${process.env["PATH"]}`,
  NODE_OPTIONS: "--no-strip-types",
  npm_config_cache: join(folder, "cache"),
};
const run = (command: string, ...args: string[]) => execute(command, args, { cwd: folder, env });

beforeAll(async () => {
  const tarballs = await packPackages(folder, ["client", "cli"]);
  await writeFile(join(folder, "package.json"), '{"name":"consumer","type":"module"}');
  const files = [...tarballs.values()].map((file) => `./${file}`);
  // Offline: they have no dependencies but each other.
  await run("npm", "install", "--offline", "--ignore-scripts", "--no-audit", "--no-fund", ...files);
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

test("the command runs where it is installed, as JavaScript", async () => {
  const { stdout } = await run("npx", "postback", "--help");
  expect(stdout).toContain("Usage: postback <command>");
  const failed = await run("npx", "postback", "lag").catch((error: { code: number; stderr: string }) => error);
  expect(failed).toMatchObject({ code: 2, stderr: expect.stringContaining("Set POSTBACK_URL") });
});

test("the client is imported as JavaScript", async () => {
  const program = 'import { createClient } from "@postback/client"; console.log(Object.keys(createClient({})).join());';
  await writeFile(join(folder, "client.mjs"), program);
  const { stdout } = await run(process.execPath, "client.mjs");
  expect(stdout.trim()).toBe("call,operations,events,endpoints,deadLetters");
});
