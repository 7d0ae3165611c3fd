import { PrismaPg } from "@prisma/adapter-pg";
import {
  type ColumnType,
  ColumnTypeEnum,
  DriverAdapterError,
  isDriverAdapterError,
  type SqlQuery,
  type SqlResultSet,
} from "@prisma/driver-adapter-utils";
import pg from "pg";

/** The types that Postgres' catalogs answer with, by oid, as the engine wants them named. Others are read as text. */
const columnTypes: Readonly<Record<number, ColumnType>> = {
  16: ColumnTypeEnum.Boolean,
  18: ColumnTypeEnum.Character,
  20: ColumnTypeEnum.Int64,
  21: ColumnTypeEnum.Int32,
  23: ColumnTypeEnum.Int32,
  26: ColumnTypeEnum.Int64,
  1005: ColumnTypeEnum.Int32Array,
  1009: ColumnTypeEnum.TextArray,
};

/**
 * adapter-pg 7.10 as the schema engine needs it. Two things are put right:
 * - it splits a script at each `;`, also those inside functions. A whole script is one simple query here, which
 *   Postgres runs as one transaction, so a migration that fails leaves nothing behind;
 * - it knows no columns of the type `"char"`, which the catalogs are full of and every comparison of schemas reads.
 */
export class MigrationAdapter extends PrismaPg {
  readonly #onScript: (script: string) => void;

  /** @param onScript is told each script before it is run */
  constructor(pool: pg.Pool, onScript: (script: string) => void) {
    super(pool);
    this.#onScript = onScript;
  }

  override async connect(): ReturnType<PrismaPg["connect"]> {
    const adapter = await super.connect();
    const pool = adapter.underlyingDriver();
    adapter.executeScript = async (script) => {
      this.#onScript(script);
      await pool.query(script).catch((error: unknown) => {
        throw error instanceof pg.DatabaseError ? scriptError(error, script) : error;
      });
    };
    const queryRaw = adapter.queryRaw.bind(adapter);
    adapter.queryRaw = (query) =>
      queryRaw(query).catch((error: unknown) => {
        if (!isCharColumn(error)) throw error;
        return queryCatalog(pool, query);
      });
    return adapter;
  }
}

/** The failure in the form that the engine tells and keeps in its ledger; any other would come out as "external error". */
function scriptError(error: pg.DatabaseError, script: string): DriverAdapterError {
  const { code = "XX000", severity = "ERROR", detail, column, hint, position } = error;
  const line = position === undefined ? undefined : script.slice(0, Number(position)).split("\n").length;
  const message = line === undefined ? error.message : `${error.message} (line ${line})`;
  return new DriverAdapterError({ kind: "postgres", code, severity, message, detail, column, hint });
}

function isCharColumn(error: unknown): boolean {
  if (!isDriverAdapterError(error)) return false;
  return error.cause.kind === "UnsupportedNativeDataType" && error.cause.type === "char";
}

/** Reads catalogs, so it can be asked after the adapter has asked and not understood the answer. */
async function queryCatalog(pool: pg.Pool, { sql, args }: SqlQuery): Promise<SqlResultSet> {
  const { fields, rows } = await pool.query<unknown[]>({ text: sql, values: args, rowMode: "array" });
  return {
    columnNames: fields.map(({ name }) => name),
    columnTypes: fields.map(({ dataTypeID }) => columnTypes[dataTypeID] ?? ColumnTypeEnum.Text),
    rows,
  };
}
