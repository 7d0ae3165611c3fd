import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { bindMigrationAwareSqlAdapterFactory } from "@prisma/driver-adapter-utils";
import type { SchemaEngine } from "@prisma/schema-engine-wasm";
import pg from "pg";
import { MigrationAdapter } from "./migration-adapter.ts";

/** A migration that waits this long for a lock gives up rather than hold up every query behind it. */
const lockTimeoutMs = 60_000;
const connectTimeoutMs = 10_000;

/** Everything is ours: nothing is left out of a comparison unless a caller says so. */
export const wholeSchema = { externalTables: [], externalEnums: [] };

interface EngineModule {
  readonly SchemaEngine: typeof SchemaEngine;
  __wbg_set_wasm(exports: WasmExports): void;
}

interface WasmExports {
  readonly __wbindgen_start: () => void;
}

/** What is used of the standard's `WebAssembly`, which TypeScript declares for browsers only. */
interface WebAssemblyApi {
  instantiate(bytes: Uint8Array, imports: Record<string, unknown>): Promise<{ instance: { exports: WasmExports } }>;
}

/**
 * Works with Prisma's schema engine in its WebAssembly form: what `prisma migrate` runs, without its native binary.
 *
 * Its one connection holds the engine's advisory lock (72707369) to the end of the work, which keeps `prisma migrate`
 * of another machine out.
 *
 * @param onScript is told each migration script before it is run
 */
export async function withSchemaEngine<T>(
  url: string,
  work: (engine: SchemaEngine) => Promise<T>,
  onScript: (script: string) => void = () => undefined,
): Promise<T> {
  const pool = new pg.Pool({
    connectionString: url,
    // One, and never closed while idle: the advisory lock lives and dies with its session.
    max: 1,
    idleTimeoutMillis: 0,
    connectionTimeoutMillis: connectTimeoutMs,
    lock_timeout: lockTimeoutMs,
    application_name: "postback-migrate",
  });
  try {
    const adapter = bindMigrationAwareSqlAdapterFactory(new MigrationAdapter(pool, onScript));
    const { SchemaEngine } = await loadEngine();
    const engine = await SchemaEngine.new({ datamodels: undefined }, () => undefined, adapter);
    try {
      return await work(engine);
    } finally {
      engine.free();
    }
  } finally {
    await pool.end();
  }
}

let loaded: Promise<EngineModule> | undefined;

/** Once per process: the module is 5 MB and takes 25 ms. */
function loadEngine(): Promise<EngineModule> {
  loaded ??= instantiate();
  return loaded;
}

/** By hand rather than `import`, because Node calls the import of WebAssembly experimental, with a warning. */
async function instantiate(): Promise<EngineModule> {
  reportPanics();
  const glue = "@prisma/schema-engine-wasm/schema_engine_bg";
  const module: EngineModule = await import(glue);
  const bytes = await readFile(join(dirname(createRequire(import.meta.url).resolve(glue)), "schema_engine_bg.wasm"));
  const { WebAssembly } = globalThis as unknown as { WebAssembly: WebAssemblyApi };
  const { instance } = await WebAssembly.instantiate(bytes, {
    "./schema_engine_bg.js": { ...module, ...quietTimers(module) },
  });
  module.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
  return module;
}

/** The engine's timer for its lock runs 10 s even when it has the lock; it must not keep the process from ending. */
function quietTimers(module: EngineModule): Record<string, unknown> {
  const names = Object.keys(module).filter((name) => name.startsWith("__wbg_setTimeout_"));
  const start = (callback: () => void, delayMs: number): NodeJS.Timeout => setTimeout(callback, delayMs).unref();
  return Object.fromEntries(names.map((name) => [name, start]));
}

/** Where the engine leaves the message of a panic; without it the panic hides behind a TypeError. */
function reportPanics(): void {
  Object.assign(globalThis, {
    PRISMA_WASM_PANIC_REGISTRY: {
      set_message(message: string) {
        throw new Error(`The schema engine failed: ${message}`);
      },
    },
  });
}
