import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/** What takes minutes: whole stacks under load, with processes that are killed again and again. Not part of `npm test`. */
export default defineConfig({
  test: {
    root: fileURLToPath(new URL("..", import.meta.url)),
    include: ["tests/long/**/*.long.test.ts"],
    globalSetup: ["packages/testkit/src/global-setup.ts"],
    maxWorkers: 1,
    testTimeout: 900_000,
    hookTimeout: 120_000,
    passWithNoTests: false,
    reporters: ["default", "./packages/testkit/src/plain-count-reporter.ts"],
  },
});
