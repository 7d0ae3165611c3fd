import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { packPackages } from "./pack-packages.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
/** Outside of the checkout: nothing of its node_modules is found from there. */
const folder = mkdtempSync(join(tmpdir(), "postback-packed-receiver-"));
const execute = promisify(execFile);
/** The Node that runs this comes first, for npm's scripts too. */
const env = {
  ...process.env,
  PATH: `${dirname(process.execPath)}:${process.env["PATH"]}`,
  npm_config_cache: join(folder, "cache"),
};

async function run(command: string, args: readonly string[]): Promise<string> {
  const { stdout } = await execute(command, args, { cwd: folder, env }).catch((error) => {
    throw new Error(`${command} ${args.join(" ")}\n${error.stdout}\n${error.stderr}`);
  });
  return stdout;
}

beforeAll(async () => {
  const tarballs = await packPackages(folder, ["receiver"]);
  await writeFile(join(folder, "package.json"), '{"name":"consumer","type":"module"}');
  // Offline: it has no dependencies.
  const tarball = `./${tarballs.get("@postback/receiver")}`;
  await run("npm", ["install", "--offline", "--ignore-scripts", "--no-audit", "--no-fund", tarball]);
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

test("is JavaScript with types, and brings nothing with it", async () => {
  const manifest = JSON.parse(
    await readFile(join(folder, "node_modules", "@postback", "receiver", "package.json"), "utf8"),
  );
  expect(manifest).toMatchObject({
    exports: { ".": { types: "./dist/index.d.ts", default: "./dist/index.js" } },
    dependencies: {},
    engines: { node: ">=20" },
  });
});

test("verifies the published vector, on a Node that strips no types", async () => {
  await writeFile(
    join(folder, "verify.mjs"),
    `import { parseKey, verifyWebhook } from "@postback/receiver";
    const headers = {
      "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
      "webhook-timestamp": "1614265330",
      "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    };
    const keys = [parseKey("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")];
    const body = '{"test": 2432232314}';
    console.log(JSON.stringify(verifyWebhook({ body, headers }, keys, { nowMs: 1614265330000 })));`,
  );
  const printed = await run(process.execPath, ["--no-strip-types", "verify.mjs"]);
  expect(JSON.parse(printed)).toMatchObject({ ok: true, event: { test: 2432232314 } });
});

test("its types know a consumer's events and their members, and nothing else", async () => {
  await mkdir(join(folder, "node_modules", "@types"), { recursive: true });
  const types = join("node_modules", "@types", "node");
  await symlink(join(root, types), join(folder, types), "junction");
  const consumer = `import { createServer } from "node:http";
    import { createReceiver, fetchHandler, memoryStore, nodeHandler } from "@postback/receiver";
    const receiver = createReceiver<{ "order.placed": { orderId: string } }>({
      keys: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
      store: memoryStore(),
      on: {
        "order.placed": ({ data }) => {
          const id: string = data.orderId;
          // @ts-expect-error it has no such member
          console.log(id, data.orderNumber);
        },
        // @ts-expect-error there is no such event
        "order.paid": () => undefined,
      },
      onError: console.error,
    });
    createServer(nodeHandler(receiver));
    export const POST: (request: Request) => Promise<Response> = fetchHandler(receiver);`;
  await writeFile(join(folder, "consumer.ts"), consumer);
  const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
  const options = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2023", "--types", "node"];
  expect(await run(process.execPath, [compiler, ...options, "consumer.ts"])).toBe("");
}, 30_000);
