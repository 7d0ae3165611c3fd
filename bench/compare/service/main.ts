/** The service that each step calls: it takes as long as it is told to, and does nothing. */
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { connectToParent } from "../../parent.ts";
import { listen } from "../listen.ts";
import type { CompareOrder, CompareReport } from "../protocol.ts";

const parent = connectToParent<CompareOrder, CompareReport>();
parent.onOrder((order) => {
  if (order.kind === "serve") void serve(order.answerAfterMs);
});
parent.tell({ kind: "ready" });

async function serve(answerAfterMs: number): Promise<void> {
  const server = createServer(async (request, response) => {
    request.resume();
    await sleep(answerAfterMs);
    response.writeHead(204).end();
  });
  parent.tell({ kind: "listening", url: await listen(server) });
}
