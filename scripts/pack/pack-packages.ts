import { execFile } from "node:child_process";
import { chmod, cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Manifest, packedManifest } from "./packed-manifest.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../", import.meta.url));

/** What others install, each after those that it depends on. */
const packed = ["contracts", "domain", "operations", "receiver", "client", "cli"] as const;

type PackedName = (typeof packed)[number];

/** `@postback/` and the name → the file of its tarball, in the folder. */
export type Tarballs = ReadonlyMap<string, string>;

/**
 * Builds the packages that others install to JavaScript with types, and packs each into a tarball, as `npm pack` does. The
 * workspace isn't touched: it is done on copies inside the checkout, where what they import is found.
 * @param folder must be there
 * @param only these; what they depend on must be named too
 */
export async function packPackages(folder: string, only: readonly PackedName[] = packed): Promise<Tarballs> {
  await mkdir(join(root, ".postback"), { recursive: true });
  const stage = await mkdtemp(join(root, ".postback", "pack-"));
  try {
    await mkdir(join(stage, "node_modules", "@postback"), { recursive: true });
    const tarballs = new Map<string, string>();
    for (const name of only) tarballs.set(`@postback/${name}`, await packOne(name, stage, folder));
    return tarballs;
  } finally {
    await rm(stage, { recursive: true });
  }
}

async function packOne(name: PackedName, stage: string, folder: string): Promise<string> {
  const [source, copy] = [join(root, "packages", name), join(stage, name)];
  await cp(join(source, "src"), join(copy, "src"), { recursive: true });
  await cp(join(root, "LICENSE"), join(copy, "LICENSE"));
  const manifest: Manifest = JSON.parse(await readFile(join(source, "package.json"), "utf8"));
  const changed = packedManifest(manifest);
  await writeFile(join(copy, "package.json"), `${JSON.stringify(changed, null, 2)}\n`);
  await build(copy);
  for (const file of Object.values(changed.bin ?? {})) await chmod(join(copy, file), 0o755);
  await symlink(copy, join(stage, "node_modules", "@postback", name), "junction");
  const { stdout } = await run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], {
    cwd: copy,
    shell: process.platform === "win32",
  });
  return fileNameIn(stdout);
}

/** Of the one package that was packed: npm writes a list, or an object by name. */
function fileNameIn(json: string): string {
  const [one]: { filename?: string }[] = Object.values(JSON.parse(json));
  if (one?.filename === undefined) throw new Error(`npm pack named no file: ${json}`);
  return one.filename;
}

/** Tests stay behind. Imports of `./x.ts` become those of `./x.js`. */
async function build(copy: string): Promise<void> {
  const config = {
    extends: join(root, "tsconfig.json"),
    compilerOptions: {
      noEmit: false,
      declaration: true,
      rewriteRelativeImportExtensions: true,
      rootDir: "src",
      outDir: "dist",
      typeRoots: [join(root, "node_modules", "@types")],
    },
    include: ["src"],
    exclude: ["src/**/*.test.ts"],
  };
  await writeFile(join(copy, "tsconfig.json"), JSON.stringify(config));
  const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
  await run(process.execPath, [compiler, "-p", copy]).catch((error: { stdout?: string }) => {
    throw new Error(`${copy} can't be built:\n${error.stdout ?? ""}`, { cause: error });
  });
}
