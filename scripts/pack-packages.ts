/** Packs what others install; see the help below. */
import { mkdir } from "node:fs/promises";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { packPackages } from "./pack/pack-packages.ts";

const help = `Usage: node scripts/pack-packages.ts <folder>

Builds @postback/operations with the packages that it depends on, and @postback/receiver, to JavaScript with types, and packs each into a tarball
in the folder, to be installed (npm install ./the.tgz) or published.

  --help   shows this
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { help: { type: "boolean", short: "h" } },
});
const [folder] = positionals;
if (values.help || folder === undefined) {
  console.log(help);
  process.exitCode = values.help ? 0 : 1;
} else {
  await mkdir(folder, { recursive: true });
  for (const file of (await packPackages(resolve(folder))).values()) console.log(file);
}
