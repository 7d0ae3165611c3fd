import { uuidV7At } from "@postback/domain";
import type { Database } from "../open-database.ts";
import { run, statement } from "../statement.ts";
import { type OperationRow, operationColumns } from "./operation-row.ts";

export interface OperationFilter {
  entity?: { type: string; id: string } | undefined;
  type?: string | undefined;
  status?: string | undefined;
  /** The time in the id at or after, and before: of those that the service made, when they were accepted. So both are a range of the key. */
  since?: Date | undefined;
  until?: Date | undefined;
}

export interface OperationPage extends OperationFilter {
  /** The last one of the page before. */
  after?: string | undefined;
  limit: number;
}

/** A tenant's operations, those with the newest ids first. What is added meanwhile moves none of the later pages. */
export async function listOperations(db: Database, tenantId: string, page: OperationPage): Promise<OperationRow[]> {
  const conditions = conditionsOf(page).filter(({ value }) => value !== undefined);
  const text = conditions.map(({ text }, index) => text.replace("?", `$${index + 2}`));
  const values = [tenantId, ...conditions.map(({ value }) => value), page.limit];
  // A statement for each set of filters: one for all of them could use no index of any.
  const name = ["list_operations", ...conditions.map(({ name }) => name)].join("_");
  const list = `SELECT ${operationColumns} FROM operations o
    WHERE ${["o.tenant_id = $1", ...text].join(" AND ")} ORDER BY o.id DESC LIMIT $${values.length}`;
  return await run<OperationRow>(db.pool, statement(name, list), values);
}

interface Condition {
  /** Short, because the names of all that are given make the name of a statement (at most 63 bytes). */
  name: string;
  text: string;
  value: unknown;
}

const conditionsOf = ({ entity, type, status, since, until, after }: OperationPage): Condition[] => [
  { name: "e", text: "o.entity_type = ?", value: entity?.type },
  { name: "i", text: "o.entity_id = ?", value: entity?.id },
  { name: "t", text: "o.type = ?", value: type },
  { name: `s${endingOf(status).name}`, text: `${endingOf(status).text} AND o.status = ?`, value: status },
  { name: "f", text: "o.id >= ?::uuid", value: since && idAt(since.getTime()) },
  { name: "u", text: "o.id < ?::uuid", value: until && idAt(until.getTime()) },
  { name: "a", text: "o.id < ?::uuid", value: after },
];

/** What a status implies, in the words of the partial indexes. */
function endingOf(status: string | undefined): Pick<Condition, "name" | "text"> {
  if (status === "succeeded") return { name: "w", text: "o.completed_at IS NOT NULL" };
  const isFinal = status === "failed" || status === "cancelled";
  return isFinal
    ? { name: "b", text: "o.completed_at IS NOT NULL AND o.error IS NOT NULL" }
    : { name: "p", text: "o.completed_at IS NULL" };
}

const idAt = (timeMs: number): string => uuidV7At(Math.min(Math.max(timeMs, 0), 2 ** 48 - 1));
