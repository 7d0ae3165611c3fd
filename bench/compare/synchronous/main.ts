/** The write as it is mostly made: everything is done, one thing after another, before the caller is answered. */
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import pg from "pg";
import { connectToParent } from "../../parent.ts";
import { listen } from "../listen.ts";
import type { CompareOrder, CompareReport } from "../protocol.ts";

const poolMax = 20;
/** As the rows of Postback have one. */
const tenantId = randomUUID();
const steps = ["first", "second", "third"] as const;

const insert = { name: "begin", text: "insert into compare.orders (tenant_id, id) values ($1, $2)" };
const finish = {
  name: "finish",
  text: "update compare.orders set done_at = clock_timestamp() where tenant_id = $1 and id = $2",
};

const parent = connectToParent<CompareOrder, CompareReport>();
parent.onOrder((order) => {
  if (order.kind === "handle") void handle(order);
});
parent.tell({ kind: "ready" });

async function handle({ serviceUrl, databaseUrl }: Extract<CompareOrder, { kind: "handle" }>): Promise<void> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: poolMax });
  const server = createServer(async (request, response) => {
    try {
      const { input } = JSON.parse(await textOf(request)) as { input: { id: string } };
      await pool.query({ ...insert, values: [tenantId, input.id] });
      for (const step of steps) await call(serviceUrl, `${input.id}:${step}`);
      await pool.query({ ...finish, values: [tenantId, input.id] });
      response.writeHead(201).end();
    } catch (error) {
      // As such a handler does it: what was done stays done, and the caller may try again.
      response.writeHead(500).end(String(error));
    }
  });
  parent.tell({ kind: "listening", url: await listen(server) });
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

async function call(serviceUrl: string, idempotencyKey: string): Promise<void> {
  const answer = await fetch(serviceUrl, { method: "POST", headers: { "idempotency-key": idempotencyKey } });
  if (!answer.ok) throw new Error(`The service answered ${answer.status}`);
}
