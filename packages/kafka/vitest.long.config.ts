import { defineConfig } from "vitest/config";

/** What kills brokers: a minute and three JVMs of its own, so not part of `npm test`. */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ["src/**/*.long.ts"],
    maxWorkers: 1,
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
});
