import { globSync, readFileSync } from "node:fs";
import { dirname, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

/**
 * What each workspace may import of the others. A test may import what its code may, `testkit`, and what `alsoInTests`
 * adds. That a package is declared where it is imported, and imported where it is declared, is knip's to say.
 */
const arrows: Readonly<Record<string, readonly string[]>> = {
  "apps/*": ["runtime", "kafka", "database", "operations", "domain", "contracts"].map(packageFolder),
  "packages/contracts": [],
  "packages/domain": [],
  "packages/operations": ["domain", "contracts"].map(packageFolder),
  "packages/database": ["domain"].map(packageFolder),
  "packages/kafka": ["contracts"].map(packageFolder),
  "packages/runtime": ["contracts"].map(packageFolder),
  // Others install it: it brings nothing with it. Its tests hold it against the contracts and the signer.
  "packages/receiver": [],
  // For those outside: what they install brings nothing of the server along.
  "packages/client": ["contracts"].map(packageFolder),
  "packages/cli": ["client", "contracts"].map(packageFolder),
  // What starts brokers and apps on a developer's machine; no app needs it to run.
  "packages/embedded": [],
  "packages/testkit": ["embedded", "database"].map(packageFolder),
  "packages/local-stack": ["embedded", "database", "kafka", "operations", "domain", "contracts"].map(packageFolder),
  // A catalog is written by those outside, with nothing but what defines one.
  "examples/*": ["packages/operations"],
  scripts: ["embedded", "local-stack", "database", "kafka", "runtime", "domain", "operations", "contracts"].map(
    packageFolder,
  ),
  // The bench speaks to the API as `npm start` does, starts processes of its own, and has a catalog for what is never done.
  bench: [
    "scripts",
    ...["embedded", "local-stack", "database", "kafka", "operations", "runtime", "domain", "contracts"].map(
      packageFolder,
    ),
  ],
  // The programs of the guides: what an operator or the author of a catalog can write.
  docs: ["client", "database", "kafka", "operations", "runtime", "receiver", "domain", "contracts"].map(packageFolder),
  tests: ["client", "local-stack", "embedded", "database", "kafka", "operations", "runtime", "domain", "contracts"].map(
    packageFolder,
  ),
};

const alsoInTests: Readonly<Record<string, readonly string[]>> = {
  "packages/receiver": ["domain", "contracts"].map(packageFolder),
  "examples/*": ["packages/domain"],
  docs: ["packages/local-stack"],
};

/** The documents are printed from these; what an app does is never imported. */
const readByGenerator = /^apps\/([^/]+\/src\/config|ingest\/src\/http\/documents\/[^/]+)\.ts$/;

/** The only modules that aren't ours which this code may import; its tests may import others. */
const onlyModules: Readonly<Record<string, readonly string[]>> = {
  "packages/domain": ["node:crypto"],
  "packages/contracts": ["zod"],
  "packages/receiver": ["node:crypto"],
};

/** The client library stays behind its port; tests of what others put on a topic speak it themselves. */
const importsKafkajs = /^(packages\/kafka\/|packages\/testkit\/.*\.int\.test\.ts$|tests\/)/;

/** Of tests alone, and of the kit that they share. */
const testModules: readonly string[] = ["vitest", "fast-check"];

/** Code that a deployed process runs gets its settings as values; the environment is read in these files alone. */
const readsEnvironment =
  /^(apps\/[^/]+\/src\/(main|config)|packages\/(operations|cli)\/src\/main|examples\/[^/]+\/src\/(catalog|([^/]+\/)*main))\.ts$/;
const developmentOnly = /^(packages\/(embedded|testkit|local-stack)|scripts|bench|docs|tests)\//;

const testFile = /\.test\.m?ts$|\.test\.mjs$|\/src\/.*-rig\.ts$|\/conformance\/|\.long\.ts$|^tests\//;

const root = fileURLToPath(new URL("..", import.meta.url));
const folderOf = new Map(workspaceFolders().map((folder) => [nameOf(folder), folder]));

test("a workspace imports only what its place in the picture allows", () => {
  expect(sourceFiles().flatMap((file) => brokenRules(file, readFileSync(`${root}${file}`, "utf8")))).toEqual([]);
});

test("every workspace has its place in the picture, and its files are looked at", () => {
  const looked = new Set(sourceFiles().map(areaOf));
  expect([...folderOf.values()].filter((folder) => rulesOf(folder, arrows) === undefined)).toEqual([]);
  expect([...folderOf.values(), "scripts"].filter((area) => !looked.has(area))).toEqual([]);
});

test.each([
  ["packages/contracts/src/a.ts", 'import { x } from "@postback/domain";', "may not import packages/domain"],
  ["packages/contracts/src/a.ts", 'import pg from "pg";', "may not import pg"],
  ["packages/domain/src/a.ts", 'import { lookup } from "node:dns";', "may not import node:dns"],
  ["packages/domain/src/a.ts", 'import type { z } from "zod";', "may not import zod"],
  [
    "packages/domain/src/a.ts",
    'import {\n  a,\n  b,\n} from "@postback/contracts";',
    "may not import packages/contracts",
  ],
  ["packages/operations/src/a.ts", 'export * from "@postback/database";', "may not import packages/database"],
  ["packages/database/src/a.ts", 'export type { X } from "@postback/kafka";', "may not import packages/kafka"],
  ["packages/runtime/src/a.ts", 'import "@postback/database/migrate";', "may not import packages/database"],
  ["packages/kafka/src/a.ts", 'const x = await import("../../domain/src/index.ts");', "may not import packages/domain"],
  [
    "packages/kafka/src/a.ts",
    'export const f = (x: import("@postback/runtime").Logger) => x;',
    "may not import packages/runtime",
  ],
  ["packages/kafka/src/a.ts", 'import { eventually } from "@postback/testkit";', "may not import packages/testkit"],
  ["packages/kafka/src/a.ts", 'import { test } from "vitest";', "may not import vitest"],
  ["apps/ingest/src/a.ts", 'import { x } from "@postback/processor";', "may not import apps/processor"],
  ["apps/ingest/src/a.ts", 'import { x } from "../../processor/src/config.ts";', "may not import apps/processor"],
  ["apps/ingest/src/a.ts", 'import { Kafka } from "kafkajs";', "may not import kafkajs"],
  ["apps/processor/src/a.ts", 'import shop from "@postback/example-shop";', "may not import examples/shop"],
  [
    "apps/processor/src/a.ts",
    'import { startPostgres } from "@postback/embedded";',
    "may not import packages/embedded",
  ],
  ["apps/processor/src/a.ts", "const limit = process.env.LIMIT;", "may not read process.env"],
  ["apps/processor/src/a.ts", 'import { env } from "node:process";', "may not read process.env"],
  ["packages/kafka/src/a.ts", "const { LIMIT: limit } = process.env;", "may not read process.env"],
  ["examples/shop/src/a.ts", 'import { x } from "@postback/domain";', "may not import packages/domain"],
  ["examples/shop/src/a.ts", 'import { x } from "@postback/kafka";', "may not import packages/kafka"],
  ["scripts/a.ts", 'import { x } from "@postback/testkit";', "may not import packages/testkit"],
  ["scripts/a.ts", 'import { main } from "../apps/ingest/src/main.ts";', "may not import apps/ingest"],
  ["bench/bench-rig.ts", 'import { x } from "@postback/testkit";', "may not import packages/testkit"],
  ["bench/a.ts", 'import { x } from "../examples/shop/src/events.ts";', "may not import examples/shop"],
])("%s: finds %s", (file, text, rule) => {
  expect(brokenRules(file, text)).toEqual([expect.stringContaining(rule)]);
});

test.each([
  ["apps/ingest/src/main.ts", 'import { x } from "@postback/kafka";\nrun(process.env);'],
  [
    "packages/domain/src/a.ts",
    'export interface X {\n  /** Not from "zod". */\n  // import("@postback/kafka")\n  x: 1;\n}',
  ],
  ["packages/domain/src/a.ts", 'import { createHash } from "node:crypto";\nimport { b } from "./b.ts";'],
  ["packages/domain/src/a.test.ts", 'import fc from "fast-check";\nimport { test } from "vitest";'],
  ["packages/kafka/src/a.ts", 'import { Kafka } from "kafkajs";'],
  ["packages/kafka/src/a.int.test.ts", 'import { eventually } from "@postback/testkit";'],
  ["scripts/generate/a.ts", 'import { configDefinition } from "../../apps/processor/src/config.ts";'],
  ["examples/shop/src/a.int.test.ts", 'import { x } from "@postback/domain";'],
])("%s: allows %s", (file, text) => {
  expect(brokenRules(file, text)).toEqual([]);
});

/** One line per rule that a file breaks. @param file its path from the root, with `/` */
function brokenRules(file: string, text: string): string[] {
  const broken = importsIn(text).map((specifier) => whyForbidden(file, specifier));
  const env = /\bprocess\.env\b|\bimport\b[^;]*\benv\b[^;]*"node:process"/.test(text) && !mayReadEnvironment(file);
  return [...broken, env ? "may not read process.env" : undefined]
    .filter((reason) => reason !== undefined)
    .map((reason) => `${file} ${reason}`);
}

/**
 * The module specifiers of a file, of types too. The formatter sees to double quotes and to statements that begin a
 * line, so this needs no parser; an `import("…")` may be anywhere but in a comment.
 */
function importsIn(text: string): string[] {
  const code = text.replaceAll(/^ *(?:\/\/|\/?\*).*$/gm, "");
  const statements = code.matchAll(/^(?:import\b(?!\()|export (?:type )?[{*])[^"';]*"([^"]+)"/gm);
  const expressions = code.matchAll(/\bimport\("([^"]+)"\)/g);
  return [...statements, ...expressions].map(([, specifier]) => specifier ?? "");
}

function whyForbidden(file: string, specifier: string): string | undefined {
  const target = targetOf(file, specifier);
  const area = areaOf(file);
  if (target === undefined) return mayImportModule(file, area, specifier) ? undefined : `may not import ${specifier}`;
  const targetArea = areaOf(target);
  if (targetArea === area) return undefined;
  if (area === "scripts" && readByGenerator.test(target)) return undefined;
  return mayImportArea(file, area, targetArea) ? undefined : `may not import ${targetArea}`;
}

function mayImportArea(file: string, area: string, target: string): boolean {
  if (rulesOf(area, arrows)?.includes(target)) return true;
  return (
    testFile.test(file) && (target === "packages/testkit" || (rulesOf(area, alsoInTests)?.includes(target) ?? false))
  );
}

function mayImportModule(file: string, area: string, specifier: string): boolean {
  const module = specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
  if (module === "kafkajs") return importsKafkajs.test(file);
  if (testFile.test(file)) return true;
  if (testModules.includes(module)) return area === "packages/testkit";
  return onlyModules[area]?.includes(specifier) ?? true;
}

/** The file or folder of ours that a specifier leads to; `undefined` when it leads to a module of others. */
function targetOf(file: string, specifier: string): string | undefined {
  if (specifier.startsWith(".")) return posix.join(dirname(file), specifier);
  const name = specifier.split("/").slice(0, 2).join("/");
  return name.startsWith("@postback/") ? (folderOf.get(name) ?? name) : undefined;
}

/** `packages/kafka/src/admin.ts` → `packages/kafka`; `scripts/dev/main.ts` → `scripts`. */
function areaOf(file: string): string {
  const [first = "", second = ""] = file.split("/");
  return ["apps", "packages", "examples"].includes(first) ? `${first}/${second}` : first;
}

const rulesOf = (area: string, rules: Readonly<Record<string, readonly string[]>>): readonly string[] | undefined =>
  rules[area] ?? rules[`${dirname(area)}/*`];

const mayReadEnvironment = (file: string): boolean =>
  readsEnvironment.test(file) || developmentOnly.test(file) || testFile.test(file);

function sourceFiles(): string[] {
  const found = globSync(["{apps,packages,examples}/*/src/**/*.{ts,mjs}", "{scripts,bench,docs,tests}/**/*.{ts,mjs}"], {
    cwd: root,
    // The first is Prisma's; the examples in this file break the rules.
    exclude: ["packages/database/src/generated/**", "tests/architecture.test.ts"],
  });
  return found.map((file) => file.replaceAll("\\", "/"));
}

function workspaceFolders(): string[] {
  const manifests = globSync("{apps,packages,examples}/*/package.json", { cwd: root });
  return manifests.map((file) => dirname(file).replaceAll("\\", "/"));
}

function nameOf(folder: string): string {
  const { name }: { name: string } = JSON.parse(readFileSync(`${root}${folder}/package.json`, "utf8"));
  return name;
}

function packageFolder(name: string): string {
  return `packages/${name}`;
}
