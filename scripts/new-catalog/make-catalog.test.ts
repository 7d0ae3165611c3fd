import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { checkOperations } from "@postback/operations";
import { expect, test } from "vitest";
import { CantMakeCatalog, catalogNameOf } from "./make-catalog.ts";

const template = new URL("./template/", import.meta.url);

test("the template is a catalog that keeps its own lock", async () => {
  const from = fileURLToPath(template);
  const { problems } = await checkOperations({ catalogs: ".", from, against: "operations.lock.json" });
  expect(problems).toEqual([]);
});

test("a folder names the catalog, unless it can't", () => {
  expect(catalogNameOf("/srv/my-operations")).toBe("my-operations");
  for (const folder of ["/srv/My Operations", "/srv/_x", "/srv/postback", "/srv/a--b", "/"]) {
    expect(() => catalogNameOf(folder)).toThrow(CantMakeCatalog);
  }
});

test("its versions are those that Postback itself has", async () => {
  const versionsIn = async (url: URL) => {
    const { dependencies, devDependencies } = JSON.parse(await readFile(url, "utf8"));
    return { ...dependencies, ...devDependencies };
  };
  const own = await versionsIn(new URL("../../package.json", import.meta.url));
  for (const [name, version] of Object.entries(await versionsIn(new URL("package.json", template)))) {
    expect([name, own[name]]).toEqual([name, version]);
  }
});
