/** The parts of a package.json that are looked at here. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly bin?: Readonly<Record<string, string>>;
  /** What is a command alone has none. */
  readonly exports?: unknown;
  readonly description?: string;
  readonly engines?: { readonly node: string };
}

export interface PackedManifest extends Omit<Manifest, "exports"> {
  readonly license: string;
  readonly type: "module";
  readonly engines: { readonly node: string };
  readonly files: readonly string[];
  readonly exports?: { readonly ".": { readonly types: string; readonly default: string } };
}

/**
 * The package.json of a tarball: where the workspace has its sources, the tarball has what was built from them, because Node
 * strips no types under node_modules. Types of what it depends on go along, since its own name them.
 */
export function packedManifest({
  name,
  version,
  dependencies = {},
  devDependencies = {},
  bin,
  description,
  engines,
  exports,
}: Manifest): PackedManifest {
  const types = Object.entries(devDependencies).filter(
    ([each]) => dependencies[each.replace("@types/", "")] !== undefined,
  );
  return {
    name,
    version,
    ...(description === undefined ? {} : { description }),
    license: "Apache-2.0",
    type: "module",
    // The ids of operations are made by a function that older ones don't have. What needs less says so itself.
    engines: engines ?? { node: ">=26" },
    files: ["dist"],
    ...(exports === undefined ? {} : { exports: { ".": { types: "./dist/index.d.ts", default: "./dist/index.js" } } }),
    ...(bin === undefined
      ? {}
      : { bin: Object.fromEntries(Object.entries(bin).map(([key, file]) => [key, built(file)])) }),
    dependencies: { ...dependencies, ...Object.fromEntries(types) },
  };
}

/** `./src/main.ts` → `dist/main.js` */
const built = (file: string): string => file.replace(/^\.\/src\//, "dist/").replace(/\.ts$/, ".js");
