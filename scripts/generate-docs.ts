/** Prints the documents that are made from code; see the help below. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { documents } from "./generate/documents.ts";

const help = `Usage: node scripts/generate-docs.ts [--check]

Writes docs/config.md, .env.example, docs/problems.md, docs/openapi.json, docs/asyncapi.json, docs/flows.md and the types of
the client from the code that they describe.

  --check   writes nothing; names each file that isn't what it would write, and exits 1 if there is one
  --help    shows this
`;

const { values } = parseArgs({ options: { check: { type: "boolean" }, help: { type: "boolean", short: "h" } } });
if (values.help) console.log(help);
else bringUpToDate(await documents(), { check: values.check ?? false });

function bringUpToDate(files: ReadonlyMap<string, string>, { check }: { check: boolean }): void {
  for (const [file, text] of files) {
    const path = fileURLToPath(new URL(`../${file}`, import.meta.url));
    if (textOf(path) === text) continue;
    if (check) {
      console.error(`${file} is not current: run \`npm run generate\` and commit it.`);
      process.exitCode = 1;
    } else {
      writeFileSync(path, text);
      console.log(`Wrote ${file}`);
    }
  }
}

/** `undefined` when there is no such file. Line ends are compared as this writes them, however Git checked them out. */
function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").replaceAll("\r\n", "\n");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
