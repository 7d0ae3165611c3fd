import { expect, test } from "vitest";
import { packedManifest } from "./packed-manifest.ts";

test("a tarball leads to what was built, and has the types of what it depends on", () => {
  const source = {
    name: "@postback/a",
    version: "1.2.3",
    private: true,
    exports: { ".": "./src/index.ts" },
    bin: { a: "./src/main.ts" },
    dependencies: { pg: "8.0.0" },
    devDependencies: { "@types/pg": "8.0.1", "@types/other": "1.0.0", "@postback/testkit": "1.2.3" },
  };
  expect(packedManifest(source)).toEqual({
    name: "@postback/a",
    version: "1.2.3",
    license: "Apache-2.0",
    type: "module",
    engines: { node: ">=26" },
    files: ["dist"],
    exports: { ".": { types: "./dist/index.d.ts", default: "./dist/index.js" } },
    bin: { a: "dist/main.js" },
    dependencies: { pg: "8.0.0", "@types/pg": "8.0.1" },
  });
});
