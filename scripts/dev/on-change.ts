import { existsSync, watch } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";

/** An editor saves in several steps, and formats after that. */
const quietMs = 300;

/**
 * Calls back when the source of a catalog that is given by its path has changed and kept still for 0.3 s; never again
 * before the call before has ended.
 * @returns what ends it
 */
export function onCatalogChange(catalogs: string, from: string, changed: (file: string) => Promise<void>): Disposable {
  let timer: NodeJS.Timeout | undefined;
  let running = Promise.resolve();
  const watchers = foldersOf(catalogs, from).map((folder) =>
    watch(folder, { recursive: true }, (_, file) => {
      if (file === null || !/\.[cm]?[jt]s$/.test(file) || file.endsWith(".test.ts")) return;
      clearTimeout(timer);
      timer = setTimeout(() => {
        running = running.then(() => changed(join(folder, file)));
      }, quietMs);
    }),
  );
  return {
    [Symbol.dispose]: () => {
      clearTimeout(timer);
      for (const watcher of watchers) watcher.close();
    },
  };
}

function foldersOf(catalogs: string, from: string): string[] {
  const names = catalogs.split(",").map((name) => name.trim());
  const paths = names.filter((name) => name.startsWith(".") || isAbsolute(name));
  return paths.map((name) => join(resolve(from, name), "src")).filter((folder) => existsSync(folder));
}
