import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { checkPinnedNode } from "./check-pinned-node.mjs";

const folder = mkdtempSync(join(tmpdir(), "postback-pinned-node-"));
afterAll(() => rmSync(folder, { recursive: true }));

it("takes a Node that runs", () => {
  expect(() => checkPinnedNode(process.execPath)).not.toThrow();
});

it("says which library to install where the loader misses it", () => {
  const program = join(folder, "node");
  writeFileSync(
    program,
    '#!/bin/sh\necho "node: error while loading shared libraries: libatomic.so.1" >&2\nexit 127\n',
  );
  chmodSync(program, 0o755);
  expect(() => checkPinnedNode(program)).toThrow(
    expect.objectContaining({
      message: expect.stringContaining("libatomic.so.1"),
      remedy: expect.stringMatching(/libatomic1/),
    }),
  );
});

it("says so where there is none at all", () => {
  expect(() => checkPinnedNode(join(folder, "missing"))).toThrow(/doesn't run/);
});
