import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";

interface Job {
  gate: string;
  operationId: string;
  step: string;
  takesMs: number;
}

/** The service that steps of gates call: it works whether its caller still lives or not, and writes down when. */
export class Workshop implements AsyncDisposable {
  readonly #server = createServer((request, response) => {
    void this.#serve(request).then(
      () => response.end("{}"),
      (error: unknown) => response.destroy(error as Error),
    );
  });
  /** Operations whose steps it has begun to work on. */
  readonly begun = new Set<string>();
  readonly #db: () => Pick<pg.Pool, "query">;

  /** @param db of the database in which the spans are */
  constructor(db: () => Pick<pg.Pool, "query">) {
    this.#db = db;
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage): Promise<void> {
    const { gate, operationId, step, takesMs } = (await new Response(request as never).json()) as Job;
    const { rows } = await this.#db().query<{ at: string }>("SELECT clock_timestamp()::text AS at");
    this.begun.add(operationId);
    await sleep(takesMs);
    await this.#db().query("INSERT INTO gates.spans VALUES ($1, $2, $3, $4, clock_timestamp())", [
      gate,
      operationId,
      step,
      rows[0]?.at,
    ]);
  }
}
