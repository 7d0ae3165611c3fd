import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const operations = import.meta.resolve("@postback/operations");
const main = fileURLToPath(new URL("./main.ts", import.meta.url));

test("a processor whose step names a secret that isn't there ends at its start, and says which step and variable", async () => {
  const folder = await mkdtemp(join(tmpdir(), "postback-secret-"));
  const catalog = join(folder, "catalog.mjs");
  await writeFile(
    catalog,
    `import { defineCatalog, defineOperation } from "${operations}";
     import { z } from "${import.meta.resolve("zod")}";
     const charge = defineOperation({
       type: "card.charge", revision: 1, input: z.object({ id: z.string() }),
       entity: { type: "card", id: ({ id }) => id },
     }).http("charge", { secrets: { token: "CARDS_TOKEN" }, effect: "none", run: () => {} });
     export default defineCatalog({ name: "cards", operations: [charge], events: {} });`,
  );
  const env = {
    ...process.env,
    POSTBACK_CATALOG: catalog,
    DATABASE_URL: "postgres://nobody@127.0.0.1:1/none",
    KAFKA_BROKERS: "127.0.0.1:1",
  };
  const ended = await promisify(execFile)(process.execPath, [main], { env }).catch((error: unknown) => error);
  await rm(folder, { recursive: true });
  expect(ended).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(
      "CARDS_TOKEN is not set, nor is CARDS_TOKEN_FILE; step charge of card.charge (revision 1) names it",
    ),
  });
});
