import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadCatalogs } from "./load-catalogs.ts";

let from: string;

/** A catalog as plain data: what a package with its own copy of this one exports. */
const source = (name: string) =>
  `export default { kind: "postback-catalog", name: "${name}", schema: "${name}", operations: [], events: {} };`;

async function writePackage(dir: string, manifest: object, files: Record<string, string>): Promise<void> {
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, "package.json"), JSON.stringify({ type: "module", ...manifest }));
  for (const [file, text] of Object.entries(files)) await writeFile(join(dir, file), text);
}

beforeAll(async () => {
  from = await mkdtemp(join(tmpdir(), "postback-catalogs-"));
  const modules = join(from, "node_modules");
  await writePackage(
    join(modules, "plain"),
    { name: "plain", exports: "./catalog.mjs" },
    { "catalog.mjs": source("plain") },
  );
  await writePackage(
    join(modules, "@acme", "scoped"),
    { name: "@acme/scoped", exports: { ".": { types: "./x.d.ts", import: "./in.mjs" } } },
    { "in.mjs": source("scoped") },
  );
  await writePackage(join(from, "folder"), { name: "folder", main: "main.mjs" }, { "main.mjs": source("folder") });
  await writePackage(
    join(from, "broken"),
    { name: "broken", exports: "./a.mjs" },
    { "a.mjs": "throw new Error('no key')", "none.mjs": "export default 1" },
  );
});
afterAll(() => rm(from, { recursive: true, force: true }));

test("loads packages, scoped packages, folders and files", async () => {
  const catalog = await loadCatalogs(" plain, @acme/scoped,./folder ,", { from });
  expect(catalog.operations).toEqual([]);
  await expect(loadCatalogs("./folder/main.mjs", { from })).resolves.toBeDefined();
  await expect(loadCatalogs(join(from, "folder"), { from: "/" })).resolves.toBeDefined();
});

test("none named gives an empty catalog", async () => {
  expect((await loadCatalogs(" ", { from })).operations).toEqual([]);
});

describe("what can't be loaded is named with its reason", () => {
  test.each([
    ["a package that isn't there", "absent", "catalog-not-found", /POSTBACK_CATALOG names absent/],
    ["a path that isn't there", "./absent", "catalog-not-found", /names \.\/absent/],
    ["a module that throws", "./broken", "catalog-failed-to-load", /\.\/broken .* failed to load: no key/],
    ["a module without a catalog", "./broken/none.mjs", "catalog-invalid", /default export is no defineCatalog/],
    ["one named twice", "plain,plain", "catalog-invalid", /both use the name plain/],
  ])("%s", async (_, names, code, message) => {
    await expect(loadCatalogs(names, { from })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });
});
