import { defineCatalog, defineOperation, onceIn } from "@postback/operations";
import pg from "pg";
import { z } from "zod";

const { POINTS_DATABASE_URL: connectionString } = process.env;

/** The loyalty programme's own database. Whoever migrates it has called `prepareOnce` there. */
const points = new pg.Pool({ connectionString, max: 4 });
points.on("error", (error) => {
  console.error(`an idle connection to the points broke: ${error.message}`);
});

/** Gives a customer points for an order. */
const givePoints = defineOperation({
  type: "points.give",
  revision: 1,
  input: z.strictObject({ customerId: z.string().min(1).max(100), points: z.int().min(1).max(10_000) }),
  entity: { type: "customer", id: ({ customerId }) => customerId },
  example: { customerId: "customer-1", points: 42 },
})
  .task("add-points", {
    run: (context) =>
      onceIn(points, context, async ({ sql }) => {
        const { customerId, points } = context.input;
        const [card] = await sql<{ points: number }>`
          insert into cards as c (customer_id, points) values (${customerId}, ${points})
          on conflict (customer_id) do update set points = c.points + excluded.points
          returning points`;
        return { balance: card?.points ?? 0 };
      }),
    compensate: (context) =>
      onceIn(points, context, async ({ sql }) => {
        const { customerId, points } = context.input;
        await sql`update cards set points = points - ${points} where customer_id = ${customerId}`;
      }),
  })
  .result((outputs) => ({ balance: outputs["add-points"].balance }));

export default defineCatalog({ name: "points", operations: [givePoints], events: {} });
