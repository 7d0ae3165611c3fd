import { defaultExclude, defineConfig } from "vitest/config";

const globalSetup = ["packages/testkit/src/global-setup.ts"];
const code = "{apps,packages,examples,scripts,bench,docs}";

/**
 * `unit` is pure, `int` and `e2e` run on a Postgres and a Kafka that they share. The groups run one after another:
 * what is quick fails first, and what measures time or kills processes has the machine for itself.
 */
export default defineConfig({
  test: {
    // The brokers and the processes under test need cores too; more workers only make waits longer.
    maxWorkers: 2,
    reporters: ["default", "./packages/testkit/src/plain-count-reporter.ts"],
    // A run that finds no test has a mistake in a pattern.
    passWithNoTests: false,
    projects: [
      {
        test: {
          name: "unit",
          include: [`${code}/**/*.test.ts`, "scripts/**/*.test.mjs", "tests/**/*.test.ts"],
          exclude: [...defaultExclude, "**/*.int.test.ts", "**/*.e2e.test.ts", "**/*.long.test.ts"],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: "int",
          include: [`${code}/**/*.int.test.ts`, "tests/*.int.test.ts"],
          globalSetup,
          maxWorkers: 2,
          testTimeout: 30_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: "e2e",
          include: ["tests/e2e/**/*.e2e.test.ts"],
          globalSetup,
          // Each starts the apps, and waits a good part of its time: for sessions to end, for retries to come due.
          maxWorkers: 2,
          // Tests that run side by side mostly wait for the apps.
          maxConcurrency: 50,
          testTimeout: 60_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
