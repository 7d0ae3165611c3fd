import { defineCatalog, defineOperation } from "@postback/operations";
import { z } from "zod";

const { COMPARE_SERVICE_URL: serviceUrl = "http://127.0.0.1:4030/" } = process.env;

const called = { effect: "none" } as const;

/** What `synchronous/main.ts` does before it answers: a row, three calls of a service, and the row again. */
const placeOrder = defineOperation({
  type: "compare.order",
  revision: 1,
  input: z.strictObject({ id: z.string() }),
  entity: { type: "compared", id: ({ id }) => id },
})
  .transaction("begin", {
    run: async ({ sql, operation: { tenantId }, input: { id } }) => {
      await sql`insert into compare.orders (tenant_id, id) values (${tenantId}, ${id})`;
    },
    compensate: async ({ sql, operation: { tenantId }, input: { id } }) => {
      await sql`delete from compare.orders where tenant_id = ${tenantId} and id = ${id}`;
    },
  })
  .http("first", { ...called, run: async ({ http }) => void (await http.post(serviceUrl)) })
  .http("second", { ...called, run: async ({ http }) => void (await http.post(serviceUrl)) })
  .http("third", { ...called, run: async ({ http }) => void (await http.post(serviceUrl)) })
  .transaction("finish", {
    run: async ({ sql, operation: { tenantId }, input: { id } }) => {
      await sql`
        update compare.orders set done_at = clock_timestamp() where tenant_id = ${tenantId} and id = ${id}`;
    },
  });

export default defineCatalog({
  name: "compare",
  operations: [placeOrder],
  events: {},
  migrations: new URL("./migrations/", import.meta.url),
});
