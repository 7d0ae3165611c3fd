import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { defineOperation } from "../define-operation.ts";
import { readSecrets } from "./read-secrets.ts";

const optional = { name: "SPARE_TOKEN", optional: true } as const;
const charge = defineOperation({
  type: "card.charge",
  revision: 2,
  input: z.object({ id: z.string() }),
  entity: { type: "card", id: ({ id }) => id },
})
  .http("charge", { secrets: { token: "CARDS_TOKEN" }, queue: "cards", run: () => {}, compensate: () => {} })
  .task("tell", { secrets: { token: "MAIL_TOKEN", spare: optional }, queue: "mail", effect: "none", run: () => {} });
const operations = [charge];
const [charging, telling] = charge.steps;
if (charging === undefined || telling === undefined) throw new Error("it has two steps");

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "postback-secrets-"));
});
afterAll(() => rm(folder, { recursive: true }));

const all = { commands: true, queues: ["cards", "mail"] };
const read = (env: Record<string, string>, carries: { commands: boolean; queues: string[] } = all) =>
  readSecrets({ operations }, { env, carries });
const given = { CARDS_TOKEN: "card-secret", MAIL_TOKEN: "mail-secret" };

test("reads a secret from its variable, or from the file that another names, without the line's end", async () => {
  const file = join(folder, "token");
  await writeFile(file, "from-a-file\n");
  const secrets = read({ CARDS_TOKEN: "card-secret", MAIL_TOKEN_FILE: file });
  expect(secrets.of(charging)).toEqual({ token: "card-secret" });
  expect(secrets.of(telling)).toEqual({ token: "from-a-file", spare: undefined });
  expect(read({ ...given, SPARE_TOKEN: "spare-secret" }).of(telling)).toMatchObject({ spare: "spare-secret" });
});

test("names the variable and the step of each that is missing, all at once", () => {
  expect(() => read({ CARDS_TOKEN: "" })).toThrow(
    expect.objectContaining({
      code: "secret-missing",
      problems: [
        "CARDS_TOKEN is not set, nor is CARDS_TOKEN_FILE; step charge of card.charge (revision 2) names it",
        "MAIL_TOKEN is not set, nor is MAIL_TOKEN_FILE; step tell of card.charge (revision 2) names it",
      ],
    }),
  );
});

test.each([
  ["given twice", { ...given, CARDS_TOKEN_FILE: "/x" }, "CARDS_TOKEN and CARDS_TOKEN_FILE are both set"],
  [
    "in a file that isn't there",
    { ...given, CARDS_TOKEN: "", CARDS_TOKEN_FILE: "/nowhere/x" },
    "names a file that can't be (ENOENT)",
  ],
  ["too short", { ...given, CARDS_TOKEN: "secret" }, "has fewer than 8 characters"],
  ["optional and wrong", { ...given, SPARE_TOKEN: "short" }, "SPARE_TOKEN has fewer than 8 characters"],
])("refuses one that is %s, and shows nothing of it", (_, env, says) => {
  expect(() => read(env)).toThrow(says);
  expect(() => read(env)).not.toThrow(/card-secret|mail-secret/);
});

describe("a process needs the secrets of what it carries alone", () => {
  test.each([
    ["the owner of operations, which compensates", { commands: true, queues: [] }, ["CARDS_TOKEN"]],
    ["a queue's worker", { commands: false, queues: ["mail"] }, ["MAIL_TOKEN"]],
    ["a worker of both", { commands: false, queues: ["cards", "mail"] }, ["CARDS_TOKEN", "MAIL_TOKEN"]],
    ["neither", { commands: false, queues: [] }, []],
  ])("%s", (_, carries, needed) => {
    const without = (name: string) => read({ ...given, [name]: "" }, carries);
    const missed = Object.keys(given).filter((name) => {
      try {
        without(name);
        return false;
      } catch {
        return true;
      }
    });
    expect(missed).toEqual(needed);
  });
});

test("shows itself to no log", () => {
  const secrets = read(given);
  expect([JSON.stringify(secrets), inspect(secrets, { depth: 5, showHidden: true })].join()).not.toMatch(/-secret/);
});
