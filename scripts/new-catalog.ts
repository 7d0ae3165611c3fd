/** Makes the project of a catalog; see the help below. */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { CantMakeCatalog, makeCatalog, pathTo } from "./new-catalog/make-catalog.ts";

const help = `Usage: npm run new-catalog -- <folder>

Makes a project for operations of your own, outside of this checkout: one operation, its migration, its test, a lock file and
a Dockerfile that adds the catalog to Postback's images. The folder's name is the catalog's: ../my-operations

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
  await make(resolve(folder));
}

async function make(folder: string): Promise<void> {
  try {
    await makeCatalog(folder);
    console.log(`Made ${pathTo(folder)}. To go on:

  cd ${pathTo(folder)} && npm install && npm run check && npm test
  POSTBACK_CATALOG=${folder} npm start      (here)`);
  } catch (error) {
    if (!(error instanceof CantMakeCatalog)) throw error;
    console.error(`No catalog was made: ${error.message}`);
    process.exitCode = 1;
  }
}
