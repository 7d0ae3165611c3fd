import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const documents = globSync(["*.md", "docs/**/*.md", "examples/*/*.md", "packages/*/*.md"], { cwd: root }).map(
  (file) => ({
    file,
    text: readFileSync(join(root, file), "utf8"),
  }),
);

const link = /\]\((?!https?:)([^)\s]+)\)/g;
const codeBlock = /^```(\S*)(?: (\S+))?\n([\s\S]*?)^```$/gm;
const namedFile =
  /`((?:apps|bench|docs|examples|packages|patches|prisma|scripts|tests)\/[\w./@+-]+\.(?:ts|mjs|sql|md|json|patch|prisma|toml))`/g;

const withoutCode = (text: string) => text.replaceAll(codeBlock, "");

/** GitHub's: lower case, without punctuation, blanks as hyphens. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replaceAll(/\s/g, "-");

const anchorsOf = (text: string) =>
  [...withoutCode(text).matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) => anchorOf(title));

function isBroken(file: string, target: string): boolean {
  const [path = "", anchor] = target.split("#");
  const absolute = path === "" ? join(root, file) : join(root, dirname(file), path);
  if (!existsSync(absolute)) return true;
  return anchor !== undefined && !anchorsOf(readFileSync(absolute, "utf8")).includes(anchor);
}

test("every document is found", () => {
  const found = documents.map(({ file }) => file);
  expect(found).toEqual(expect.arrayContaining(["README.md", "docs/architecture.md", "examples/shop/README.md"]));
});

test("every link leads to a file that is there, and to a heading in it", () => {
  const broken = documents.flatMap(({ file, text }) =>
    [...withoutCode(text).matchAll(link)].flatMap(([, target = ""]) =>
      isBroken(file, target) ? [`${file} → ${target}`] : [],
    ),
  );
  expect(broken).toEqual([]);
});

test("every file that a document names is there", () => {
  const missing = documents.flatMap(({ file, text }) =>
    [...text.matchAll(namedFile)].flatMap(([, named = ""]) =>
      existsSync(join(root, named)) ? [] : [`${file} names ${named}`],
    ),
  );
  expect(missing).toEqual([]);
});

const ofFiles = new Set(["ts", "sql", "python", "go", "java"]);

test("code that a document shows is taken from a file that is compiled and tested", () => {
  const blocks = documents.flatMap(({ file, text }) =>
    [...text.matchAll(codeBlock)].flatMap(([, language = "", from, code = ""]) =>
      ofFiles.has(language) ? [{ file, from, code: code.trim() }] : [],
    ),
  );
  expect(blocks.length).toBeGreaterThan(0);
  const strange = blocks.filter(
    ({ from, code }) => from === undefined || !readFileSync(join(root, from), "utf8").includes(code),
  );
  expect(strange.map(({ file, from, code }) => `${file} shows what is not in ${from}: ${code.slice(0, 80)}`)).toEqual(
    [],
  );
});
