import { defineCatalog, defineOperation, onceIn } from "@postback/operations";
import pg from "pg";
import { z } from "zod";

const { BANK_URL: bankUrl, BANK_GATE_URL: gateUrl = "" } = process.env;
const bank = new pg.Pool({ connectionString: bankUrl, max: 4 });
bank.on("error", (error) => {
  console.error(`a connection to the bank broke: ${error.message}`);
});

/** A credit in a database of its own; between its COMMIT and the checkpoint the gate is asked, and may let nothing past. */
const creditAccount = defineOperation({
  type: "account.credit",
  revision: 1,
  input: z.strictObject({ account: z.string(), amount: z.int() }),
  entity: { type: "account", id: ({ account }) => account },
})
  .task("credit", {
    run: async (context) => {
      const { account, amount } = context.input;
      const credited = await onceIn(bank, context, async ({ sql }) => {
        const [row] = await sql<{ balance: number }>`
        update accounts set balance = balance + ${amount} where account = ${account} returning balance`;
        return { balance: row?.balance ?? 0 };
      });
      await fetch(new URL(account, gateUrl), { signal: context.signal });
      return credited;
    },
    compensate: (context) =>
      onceIn(bank, context, async ({ sql }) => {
        const { account, amount } = context.input;
        await sql`update accounts set balance = balance - ${amount} where account = ${account}`;
      }),
  })
  .transaction("note", { run: async ({ sql }) => void (await sql`select`) })
  .result((outputs) => outputs.credit);

export default defineCatalog({
  name: "bank",
  operations: [creditAccount],
  events: {},
});
