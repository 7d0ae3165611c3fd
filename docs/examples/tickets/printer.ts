import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface Printer extends AsyncDisposable {
  /** With a slash at its end. */
  readonly url: string;
  /** Valid tickets by the Idempotency-Key that they were printed under. */
  readonly tickets: ReadonlyMap<string, string>;
}

const ticketsMax = 10_000;

/**
 * The service that the catalog calls, on loopback: `POST /tickets` prints one ticket per Idempotency-Key and refuses the
 * show "macbeth", `DELETE /tickets/{key}` voids it and is fine where there is none.
 */
export async function startPrinter(port: number): Promise<Printer> {
  const tickets = new Map<string, string>();
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString("utf8");
    const { status, json } = answer(`${request.method} ${request.url}`, request.headers["idempotency-key"], body);
    response.writeHead(status, { "content-type": "application/json" }).end(json && JSON.stringify(json));
  });

  function answer(call: string, key: string | string[] | undefined, body: string) {
    const voided = /^DELETE \/tickets\/(.+)$/.exec(call)?.[1];
    if (voided !== undefined) tickets.delete(decodeURIComponent(voided));
    if (voided !== undefined) return { status: 204 };
    if (call !== "POST /tickets" || typeof key !== "string") return { status: 404 };
    if (body.includes("macbeth")) return { status: 410 };
    const ticketId = tickets.get(key) ?? `ticket-${crypto.randomUUID()}`;
    if (tickets.size < ticketsMax) tickets.set(key, ticketId);
    return { status: 201, json: { ticketId } };
  }

  await once(server.listen(port, "127.0.0.1"), "listening");
  const close = async () => {
    server.closeAllConnections();
    server.close();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    tickets,
    [Symbol.asyncDispose]: close,
  };
}

if (import.meta.main) console.log(`The printer is ready: ${(await startPrinter(4020)).url}`);
