import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { checkDisk } from "./check-disk.ts";

test("a disk without room is said, with how much is free and how much is needed", () => {
  const folder = mkdtempSync(join(tmpdir(), "postback-disk-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  checkDisk(join(folder, "made"), 1);
  expect(() => checkDisk(folder, Number.MAX_SAFE_INTEGER)).toThrow(/The disk is full: \d+ MB are free/);
});
