import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { createTestDatabase } from "@postback/testkit";
import { expect, test } from "vitest";

const script = fileURLToPath(new URL("./bootstrap.ts", import.meta.url));

/** Runs the script as an operator would. */
function bootstrap(
  databaseUrl: string,
  args: string[] = [],
): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const env = { ...process.env, DATABASE_URL: databaseUrl, POSTBACK_ENV: "production" };
    const child = execFile(process.execPath, [script, ...args], { env, encoding: "utf8" }, (_, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

test("prints the first key of the platform, alone on stdout; refuses the second, unless it is meant", async () => {
  await using database = await createTestDatabase();
  const first = await bootstrap(database.url);
  expect(first).toMatchObject({ code: 0, stdout: expect.stringMatching(/^pb_live_\w{12}_[\w-]{49}\n$/) });
  const second = await bootstrap(database.url);
  expect(second).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining("--another") });
  const third = await bootstrap(database.url, ["--another"]);
  expect(third.code).toBe(0);
  expect(third.stdout).not.toBe(first.stdout);
});

test("says what it does, and needs nothing for that", async () => {
  const { code, stdout } = await bootstrap("", ["--help"]);
  expect([code, stdout]).toEqual([0, expect.stringContaining("Usage: npm run bootstrap")]);
});
