import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { packPackages } from "./pack-packages.ts";

/** In the checkout, where what they depend on is found without a network; their own code is that of the tarballs. */
const stage = join(fileURLToPath(new URL("../../", import.meta.url)), ".postback");
mkdirSync(stage, { recursive: true });
const folder = mkdtempSync(join(stage, "packed-cli-"));
const installed = (name: string): string => join(folder, "node_modules", "@postback", name);
const execute = promisify(execFile);
const node = (...args: string[]) =>
  execute(process.execPath, ["--no-strip-types", ...args], { cwd: folder, env: { PATH: process.env["PATH"] } });

beforeAll(async () => {
  const tarballs = await packPackages(folder, ["client", "cli"]);
  for (const name of ["client", "cli"]) {
    mkdirSync(installed(name), { recursive: true });
    const file = join(folder, tarballs.get(`@postback/${name}`) ?? "");
    await execute("tar", ["-xzf", file, "--strip-components=1", "-C", installed(name)]);
  }
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

test("the command runs where it is installed, as JavaScript", async () => {
  const { bin } = JSON.parse(await readFile(join(installed("cli"), "package.json"), "utf8"));
  const main = join(installed("cli"), bin.postback);
  expect((await node(main, "--help")).stdout).toContain("Usage: postback <command>");
  const failed = await node(main, "lag").catch((error: { code: number; stderr: string }) => error);
  expect(failed).toMatchObject({ code: 2, stderr: expect.stringContaining("Set POSTBACK_URL") });
});

test("the client is imported as JavaScript", async () => {
  const program = 'import { createClient } from "@postback/client"; console.log(Object.keys(createClient({})).join());';
  await writeFile(join(folder, "client.mjs"), program);
  const { stdout } = await node("client.mjs");
  expect(stdout.trim()).toBe("call,operations,events,endpoints,deadLetters,listen");
});
