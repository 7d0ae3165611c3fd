import { defineCatalog, defineOperation, type Sql, type StepHttp, tryLater } from "@postback/operations";
import { z } from "zod";

const head = {
  revision: 1,
  /** Where steps that call out call, and how long each step takes, milliseconds. */
  input: z.strictObject({ gate: z.string(), url: z.string(), takesMs: z.number().default(8) }),
  entity: { type: "gate", id: ({ gate }: { gate: string }) => gate },
};

interface AtWork {
  operation: { id: string };
  input: { gate: string; url: string; takesMs: number };
}

/** Work in the transaction of the checkpoint, with a row that says when it was. */
async function work({ sql, operation: { id }, input }: AtWork & { sql: Sql }, step: string): Promise<void> {
  await sql`
    with begun as materialized (select clock_timestamp() as at),
      worked as materialized (select pg_sleep(${input.takesMs / 1000}) from begun)
    insert into gates.spans (entity_id, operation_id, step, began_at, ended_at)
    select ${input.gate}, ${id}, ${step}, begun.at, clock_timestamp() from begun, worked`;
}

/** Work of a service, which writes the row. */
async function call({ http, operation: { id }, input }: AtWork & { http: StepHttp }, step: string): Promise<void> {
  await http.post(input.url, { json: { gate: input.gate, operationId: id, step, takesMs: input.takesMs } });
}

const undone = { compensate: () => {} };
const calls = { run: (context: AtWork & { http: StepHttp }) => call(context, "call"), ...undone };

/** Goes ahead of whatever its gate has to do. */
const pass = defineOperation({ ...head, type: "gate.pass", whenBusy: "run" })
  .transaction("open", { sync: true, run: (context) => work(context, "open"), ...undone })
  .transaction("shut", { run: (context) => work(context, "shut") });
const paint = defineOperation({ ...head, type: "gate.paint" }).transaction("paint", {
  run: (context) => work(context, "paint"),
});
const inspect = defineOperation({ ...head, type: "gate.inspect" }).http("inspect", calls);
const repair = defineOperation({ ...head, type: "gate.repair" }).http("repair", { ...calls, queue: "repairs" });
/** Waits for its next attempt, for as long as a test lasts. */
const wait = defineOperation({ ...head, type: "gate.wait" }).transaction("wait", {
  retry: { attemptsMax: 2, firstDelayMs: 600_000 },
  run: () => {
    throw tryLater("The paint is wet");
  },
});

/** Operations of gates, one of which goes ahead of the others, whose steps tell when they were at work. */
export default defineCatalog({
  name: "gates",
  operations: [pass, paint, inspect, repair, wait],
  events: {},
  migrations: new URL("./", import.meta.url),
});
