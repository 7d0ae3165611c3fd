import { join } from "node:path";
import { fileURLToPath } from "node:url";

const checkout = fileURLToPath(new URL("../../", import.meta.url));

export const folders = {
  checkout,
  /** Runs have their data in folders below it, and CPU profiles stay in it. */
  bench: join(checkout, ".postback", "bench"),
} as const;
