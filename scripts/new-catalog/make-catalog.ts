import { cp, mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { basename, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { packPackages, type Tarballs } from "../pack/pack-packages.ts";

const template = fileURLToPath(new URL("./template/", import.meta.url));

/** A wish that can't be met; its message is all that has to be said. */
export class CantMakeCatalog extends Error {}

/** @returns the catalog's name: that of the folder, of which its schema and package take theirs */
export function catalogNameOf(folder: string): string {
  const name = basename(folder);
  if (/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name) && name.length <= 63 && !taken.has(name)) return name;
  throw new CantMakeCatalog(
    `"${name}" can't name a catalog: take a folder's name of lower-case words joined by "-", like my-operations`,
  );
}

/** Schemas that a catalog can't have. */
const taken: ReadonlySet<string> = new Set(["public", "postback"]);

/**
 * Makes the project of a catalog in a folder that isn't there yet or is empty: an operation, a migration, a test, and the
 * packages that it is written with.
 * @param folder absolute
 * @throws {CantMakeCatalog}
 */
export async function makeCatalog(folder: string): Promise<void> {
  const name = catalogNameOf(folder);
  await mkdir(folder, { recursive: true });
  if ((await readdir(folder)).length > 0) throw new CantMakeCatalog(`${folder} isn't empty`);
  await cp(template, folder, { recursive: true });
  for (const file of ["gitignore", "dockerignore"]) await rename(join(folder, file), join(folder, `.${file}`));
  await nameIt(folder, name);
  const vendor = join(folder, "vendor");
  await mkdir(vendor);
  await dependOn(folder, await packPackages(vendor));
}

/** The template is a catalog itself, `my-catalog`, so that it is compiled and checked with everything else. */
async function nameIt(folder: string, name: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((each) => each.isFile())) {
    const file = join(entry.parentPath, entry.name);
    const text = await readFile(file, "utf8");
    const named = text.replaceAll("my-catalog", name).replaceAll("my_catalog", name.replaceAll("-", "_"));
    if (named !== text) await writeFile(file, named);
  }
}

/** The tarballs are its own; those that operations depends on are found by an override, not in a registry. */
async function dependOn(folder: string, tarballs: Tarballs): Promise<void> {
  const file = join(folder, "package.json");
  const manifest = JSON.parse(await readFile(file, "utf8"));
  const specifiers = Object.fromEntries([...tarballs].map(([name, tarball]) => [name, `file:vendor/${tarball}`]));
  const { "@postback/operations": operations, ...overrides } = specifiers;
  manifest.devDependencies = { "@postback/operations": operations, ...manifest.devDependencies };
  manifest.overrides = overrides;
  await writeFile(file, `${JSON.stringify(manifest, null, 2)}\n`);
}

/** How to get there from here. */
export const pathTo = (folder: string): string => relative(process.cwd(), folder) || ".";
