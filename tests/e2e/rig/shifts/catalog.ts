import { defineCatalog, defineOperation, refuse, type Sql } from "@postback/operations";
import { z } from "zod";

const opened = z.object({ shift: z.string() });
const head = {
  revision: 1,
  input: z.strictObject({ shift: z.string(), refuses: z.enum(["open", "close"]).optional() }),
  entity: { type: "shift", id: ({ shift }: { shift: string }) => shift },
  events: { "shift.opened": opened },
};

/** What a step knows of itself. */
interface AtWork {
  sql: Sql;
  operation: { id: string; type: string };
  input: { shift: string };
}

/** Work that takes a moment, and leaves a row that says when it was. */
async function work({ sql, operation: { id, type }, input: { shift } }: AtWork, step: string): Promise<void> {
  await sql`
    with begun as materialized (select clock_timestamp() as at), worked as materialized (select pg_sleep(0.003) from begun)
    insert into shifts.spans (entity_id, operation_id, type, step, began_at, ended_at)
    select ${shift}, ${id}, ${type}, ${step}, begun.at, clock_timestamp() from begun, worked`;
}

/** Opened before the answer, closed afterwards; what refuses is told by the input. */
const openShift = defineOperation({ ...head, type: "shift.open" })
  .transaction("open", {
    sync: true,
    run: async (context) => {
      await work(context, "open");
      if (context.input.refuses === "open") throw refuse("shop-closed", "The shop is closed");
      context.emit("shift.opened", { shift: context.input.shift });
    },
    compensate: (context) => work(context, "reopen"),
  })
  .transaction("close", {
    run: async (context) => {
      if (context.input.refuses === "close") throw refuse("money-missing", "Money is missing");
      await work(context, "close");
    },
    compensate: () => {},
  })
  .transaction("count", { run: (context) => work(context, "count") });

/** The same, all of it after the answer. */
const noteShift = defineOperation({ ...head, type: "shift.note" })
  .transaction("write", { run: (context) => work(context, "write"), compensate: () => {} })
  .transaction("read", { run: (context) => work(context, "read") });

/** Operations whose steps tell when they were at work, to see that no two of an entity ever are at once. */
export default defineCatalog({
  name: "shifts",
  operations: [openShift, noteShift],
  events: { "shift.opened": opened },
  migrations: new URL("./", import.meta.url),
});
