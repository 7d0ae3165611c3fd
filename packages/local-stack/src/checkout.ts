import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the checkout: apps are run from here, and paths of catalogs are relative to it. */
export const checkout = fileURLToPath(new URL("../../../", import.meta.url));

/** `POSTBACK_CATALOG` with its paths made absolute, so that it means the same in whatever folder a process runs. */
export function absoluteCatalogs(names: string): string {
  const absolute = (name: string) => (name.startsWith(".") ? resolve(checkout, name) : name);
  return names
    .split(",")
    .map((name) => absolute(name.trim()))
    .join(",");
}
