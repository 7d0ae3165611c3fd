import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startStack } from "@postback/local-stack";
import { createTestDatabase, eventually, failureLogs, testBrokers, testTopicPrefix } from "@postback/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ApiClient } from "../e2e/rig/api-client.ts";
import { startWorkspaceRegistry } from "./rig/workspace-registry.ts";

const execute = promisify(execFile);
const root = fileURLToPath(new URL("../../", import.meta.url));
/** Outside of the checkout: nothing of its node_modules is found from there. */
const folder = mkdtempSync(join(tmpdir(), "postback-new-catalog-"));
const project = join(folder, "my-operations");
const logs = failureLogs();

/** The Node that runs this comes first, for npm's scripts too. */
const env = {
  ...process.env,
  PATH: `${dirname(process.execPath)}:${process.env["PATH"]}`,
  npm_config_cache: join(folder, "cache"),
};

/** What a command printed; when it fails, its error says it. */
async function run(command: string, args: readonly string[], cwd = project): Promise<string> {
  const { stdout, stderr } = await execute(command, args, { cwd, env }).catch((error) => {
    throw new Error(`${command} ${args.join(" ")}\n${error.stdout}\n${error.stderr}`);
  });
  return stdout + stderr;
}

beforeAll(async () => {
  await using registry = await startWorkspaceRegistry();
  await run(process.execPath, [join(root, "scripts", "new-catalog.ts"), project], folder);
  await run("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", `--registry=${registry.url}`]);
});
afterAll(() => rmSync(folder, { recursive: true }));

test("what was installed from the tarballs is JavaScript, of the tarballs", async () => {
  for (const name of ["contracts", "domain", "operations"]) {
    const installed = join(project, "node_modules", "@postback", name);
    expect(JSON.parse(await readFile(join(installed, "package.json"), "utf8"))).toMatchObject({
      exports: { ".": { default: "./dist/index.js" } },
    });
  }
});

test("a new catalog keeps its own check and passes its own test", async () => {
  expect(await run("npm", ["run", "check"])).toContain("✓ All is right");
  expect(await run("npm", ["test"])).toMatch(/pass 3/);
});

test("its check finds a step of another name, and a wrong type", async () => {
  const file = join(project, "src", "write-note.ts");
  const text = await readFile(file, "utf8");
  try {
    await writeFile(
      file,
      text
        .replace('.transaction("write"', '.transaction("write-down"')
        .replace("outputs.write.", 'outputs["write-down"].'),
    );
    await expect(run("npm", ["run", "check"])).rejects.toThrow(
      /its steps were write \(transaction\), and are write-down/,
    );
    await writeFile(file, text.replace("outputs.write.words", "outputs.write.letters"));
    await expect(run("npm", ["run", "check"])).rejects.toThrow(/'letters' does not exist/);
  } finally {
    await writeFile(file, text);
  }
});

test("the apps as they are run it: the operation succeeds, and its row is there", async () => {
  const database = await createTestDatabase();
  const stackFolder = join(folder, "stack");
  await using stack = await startStack({
    folder: stackFolder,
    profile: "test",
    brokers: { kafka: testBrokers() },
    databaseUrl: database.url,
    topicPrefix: testTopicPrefix(),
    partitions: 3,
    catalog: project,
  });
  const api = new ApiClient(stack);
  const { id } = await api.accepted("note.write", { name: "shopping", text: "bread and butter" });
  await eventually(async () =>
    expect(await api.operation(id)).toMatchObject({ status: "succeeded", result: { words: 3 } }),
  );
  const { id: empty } = await api.accepted("note.write", { name: "nothing", text: " " });
  await eventually(async () =>
    expect(await api.operation(empty)).toMatchObject({ status: "failed", error: { code: "empty-note" } }),
  );
  for (const { logFile, name } of stack.apps) logs.write(name, await readFile(logFile, "utf8"));
});
