import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { startGuarded, tailOf } from "@postback/embedded";
import { eventually } from "@postback/testkit";
import type { Charge } from "./check-ledger.ts";

const service = new URL("../../../examples/shop/src/payments/main.ts", import.meta.url).pathname;
const stopGraceMs = 2_000;

/** Answers to charges that get lost, after the provider has charged. */
export interface Losses {
  /** So many; those after it are answered. */
  readonly answers: number;
  /** What is answered then, instead of what the provider says: a refusal, which proves nothing of the tries before. */
  readonly afterwards?: "declined";
}

/**
 * The shop's payment service as a process of its own, behind a proxy that notes each charge and refund that it made:
 * what the provider has done counts, not what the shop believes.
 */
export class WatchedPayments implements AsyncDisposable {
  readonly #charges = new Map<string, { key: string; reference: string }>();
  readonly #refunded = new Set<string>();
  readonly #calls: string[] = [];
  /** Order → what is left of its charges' answers. */
  readonly #losses = new Map<string, Losses>();
  readonly #opened = new AsyncDisposableStack();
  readonly #target: string;
  readonly #token: string;
  #url = "";

  private constructor(target: string, token: string) {
    this.#target = target;
    this.#token = token;
  }

  /** @param token what callers must have */
  static async start(folder: string, token: string): Promise<WatchedPayments> {
    const logFile = join(folder, "payments.log");
    const env = { ...process.env, SHOP_PAYMENTS_PORT: "0", SHOP_PAYMENTS_TOKEN: token };
    const child = startGuarded({ command: process.execPath, args: [service], logFile, stopSignal: "SIGTERM", env });
    const target = await eventually(() => urlIn(tailOf(logFile)));
    const payments = new WatchedPayments(target, token);
    payments.#opened.defer(() => child.stop(stopGraceMs));
    await payments.#listen();
    return payments;
  }

  /** For SHOP_PAYMENTS_URL. */
  get url(): string {
    return this.#url;
  }

  /** Every charge that was made, also those that were refunded since. */
  charges(): Charge[] {
    return [...this.#charges].map(([id, { key, reference }]) => {
      return { id, orderId: reference, isRefunded: this.#refunded.has(key) };
    });
  }

  /** Every request, by path and key, in the order in which they came. */
  get calls(): readonly string[] {
    return [...this.#calls];
  }

  /** Has answers to an order's charges get lost. */
  loseAnswers(orderId: string, losses: Losses): void {
    this.#losses.set(orderId, losses);
  }

  /** From now on the provider refuses no refund. */
  async allowRefunds(): Promise<void> {
    const headers = { authorization: `Bearer ${this.#token}` };
    await fetch(new URL("refunds-allowed", this.#target), { method: "POST", body: "{}", headers });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#opened.disposeAsync();
  }

  async #listen(): Promise<void> {
    const server = createServer((request, response) => {
      this.#forward(request, response).catch((error: unknown) => response.destroy(error as Error));
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    this.#url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    this.#opened.defer(() => {
      server.closeAllConnections();
      server.close();
    });
  }

  async #forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString("utf8");
    const key = String(request.headers["idempotency-key"] ?? "");
    this.#calls.push(`${request.url} ${key}`);
    const loss = request.url === "/charges" ? this.#lossOf(JSON.parse(body)) : undefined;
    if (loss === "declined") return void response.writeHead(402, { "content-type": "application/json" }).end("{}");
    const authorization = request.headers.authorization ?? "";
    const answer = await fetch(new URL(request.url ?? "/", this.#target), {
      method: request.method ?? "GET",
      headers: { "content-type": "application/json", "idempotency-key": key, authorization },
      body,
    });
    const text = await answer.text();
    if (answer.ok) this.#note(request.url ?? "", key, JSON.parse(body), JSON.parse(text));
    if (loss === "lost") return void request.socket.destroy();
    response.writeHead(answer.status, { "content-type": "application/json" }).end(text);
  }

  #lossOf({ reference = "" }: { reference?: string }): "lost" | "declined" | undefined {
    const losses = this.#losses.get(reference);
    if (losses === undefined || losses.answers === 0) return losses?.afterwards;
    this.#losses.set(reference, { ...losses, answers: losses.answers - 1 });
    return "lost";
  }

  #note(path: string, key: string, asked: Record<string, string>, answer: Record<string, string>): void {
    if (path === "/charges") this.#charges.set(answer["id"] ?? "", { key, reference: asked["reference"] ?? "" });
    if (path === "/refunds") this.#refunded.add(asked["chargeKey"] ?? "");
  }
}

function urlIn(log: string): string {
  const found = /"url":"([^"]+)"/.exec(log)?.[1];
  if (found === undefined) throw new Error(`the payment service has not told its URL: ${log}`);
  return found;
}
