import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { type Answer, PaymentLedger } from "./ledger.ts";

const bodyMaxBytes = 64 * 1024;
const slowMs = 2_000;

const chargeSchema = z.object({
  amount: z.int().min(1),
  currency: z.string().length(3),
  token: z.enum(["tok_ok", "tok_declined", "tok_flaky", "tok_slow", "tok_refund_fails"]),
  reference: z.string(),
});
const refundSchema = z.object({ chargeKey: z.string().min(1).max(255) });

export interface PaymentServiceOptions {
  /** 0 takes a free one. */
  readonly port: number;
  /** The address that it listens on; default 127.0.0.1. */
  readonly host?: string;
  /** Before each answer, milliseconds; default 0. */
  readonly latencyMs?: number;
  /** What callers must have as their bearer token; default none. */
  readonly token?: string;
}

export interface PaymentService extends AsyncDisposable {
  /** With a slash at its end. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * A payment provider for the shop to talk to, with test tokens as such providers have them:
 * `POST /charges`, `POST /refunds` (both idempotent by their keys), `GET /charges/{key}`, `POST /refunds-allowed`.
 * It keeps all in memory, so it forgets everything when it stops.
 */
export async function startPaymentService({
  port,
  host = "127.0.0.1",
  latencyMs = 0,
  token,
}: PaymentServiceOptions): Promise<PaymentService> {
  const ledger = new PaymentLedger();
  const server = createServer((request, response) => {
    respond(request, response, { ledger, latencyMs, token }).catch((error: unknown) =>
      response.destroy(error as Error),
    );
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, host, resolve));
  const close = async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  const { port: taken } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${taken}/`, close, [Symbol.asyncDispose]: close };
}

interface Answering {
  readonly ledger: PaymentLedger;
  readonly latencyMs: number;
  readonly token: string | undefined;
}

async function respond(request: IncomingMessage, response: ServerResponse, { ledger, latencyMs, token }: Answering) {
  const body = await readBody(request);
  const isKnown = token === undefined || request.headers.authorization === `Bearer ${token}`;
  const answer = isKnown ? await answerTo(request, body, ledger) : { status: 401, body: { error: "unauthorized" } };
  if (latencyMs > 0) await delay(latencyMs);
  response.writeHead(answer.status, { "content-type": "application/json" }).end(JSON.stringify(answer.body));
}

const answerTo = async (request: IncomingMessage, body: unknown, ledger: PaymentLedger): Promise<Answer> =>
  body === undefined ? invalid("The body is too large or no JSON") : await route(request, body, ledger);

async function route(
  { method, url = "/", headers }: IncomingMessage,
  body: unknown,
  ledger: PaymentLedger,
): Promise<Answer> {
  const chargeKey = /^\/charges\/([^/?]+)$/.exec(url)?.[1];
  if (method === "GET" && chargeKey !== undefined) return shownCharge(decodeURIComponent(chargeKey), ledger);
  switch (`${method} ${url}`) {
    case "POST /charges":
      return charge(headers["idempotency-key"], body, ledger);
    case "POST /refunds":
      return refund(body, ledger);
    case "POST /refunds-allowed":
      ledger.refundsAllowed = true;
      return { status: 200, body: { refundsAllowed: true } };
    default:
      return { status: 404, body: { error: "not-found" } };
  }
}

async function charge(key: string | string[] | undefined, body: unknown, ledger: PaymentLedger): Promise<Answer> {
  if (typeof key !== "string" || key === "") return invalid("Idempotency-Key is missing");
  const wanted = chargeSchema.safeParse(body);
  if (!wanted.success) return invalid(z.prettifyError(wanted.error));
  const answer = ledger.charge(key, wanted.data);
  if (wanted.data.token === "tok_slow") await delay(slowMs);
  return answer;
}

function refund(body: unknown, ledger: PaymentLedger): Answer {
  const wanted = refundSchema.safeParse(body);
  return wanted.success ? ledger.refund(wanted.data.chargeKey) : invalid(z.prettifyError(wanted.error));
}

function shownCharge(key: string, ledger: PaymentLedger): Answer {
  const found = ledger.chargeOf(key);
  return found === undefined ? { status: 404, body: { error: "not-found" } } : { status: 200, body: { ...found } };
}

/** The body as JSON, null when there is none; undefined when it is too large or no JSON. */
async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bodyMaxBytes) return undefined;
    chunks.push(chunk);
  }
  try {
    return bytes === 0 ? null : JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    return undefined;
  }
}

const invalid = (message: string): Answer => ({ status: 400, body: { error: "invalid", message } });
