import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createTestDatabase, type TestDatabase } from "@postback/testkit";
import pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { defineOperation } from "./define-operation.ts";
import { type PerformStep, performStep } from "./perform-step.ts";
import { refuse } from "./refusal.ts";
import type { HttpContext, TransactionContext } from "./step-context.ts";
import type { HttpStep } from "./step-definition.ts";

const input = z.object({ id: z.string() });
const head = { type: "thing.make", revision: 1, input, entity: { type: "thing", id: () => "a" } };
const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
type None = Record<never, never>;
type Transaction = TransactionContext<{ id: string }, None, None>;
type Http = HttpContext<{ id: string }, None, None>;

const perform = (definition: PerformStep["definition"], changes: Partial<PerformStep> = {}) =>
  performStep({
    definition,
    stepName: "make",
    direction: "run",
    operation: { id: "op-1", type: head.type, revision: 1, tenantId: "t", entity: { type: "thing", id: "a" } },
    input: { id: "a'; drop table things; --" },
    outputs: {},
    attempt: 1,
    signal: new AbortController().signal,
    log,
    ...changes,
  });

describe("transaction steps", () => {
  let database: TestDatabase;
  let client: pg.Client;
  const things = async () => (await client.query("select id, n from things order by id")).rows;

  beforeAll(async () => {
    database = await createTestDatabase();
    client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await client.query("create table things (id text primary key, n integer not null check (n >= 0))");
  });
  afterEach(() => client.query("truncate things"));
  afterAll(async () => {
    await client.end();
    await database.drop();
  });

  /** What the processor does around it. */
  async function checkpoint(run: (context: Transaction) => unknown, changes: Partial<PerformStep> = {}) {
    await client.query("begin");
    const definition = defineOperation(head).transaction("make", { run: run as never });
    const performed = await perform(definition, { client, ...changes });
    await client.query(performed.outcome.kind === "done" ? "commit" : "rollback");
    return performed;
  }

  test("write in the transaction that they are given, their values as parameters", async () => {
    const { outcome } = await checkpoint(async ({ sql, client: same, input }) => {
      expect(same).toBe(client);
      const rows = await sql<{ n: number }>`insert into things values (${input.id}, ${3}) returning n`;
      return rows[0];
    });
    expect(outcome).toEqual({ kind: "done", output: { n: 3 } });
    expect(await things()).toEqual([{ id: "a'; drop table things; --", n: 3 }]);
  });

  test("leave nothing when they refuse", async () => {
    const { outcome } = await checkpoint(async ({ sql }) => {
      await sql`insert into things values ('x', 1)`;
      throw refuse("no", "No");
    });
    expect(outcome).toMatchObject({ kind: "permanent", effect: "none" });
    expect(await things()).toEqual([]);
  });

  test("fail for good by a constraint, and may be tried again after a lock timeout", async () => {
    const broken = await checkpoint(({ sql }) => sql`insert into things values ('x', -1)`.then(() => {}));
    expect(broken.outcome).toMatchObject({ kind: "permanent", error: { code: "database-23514" }, effect: "none" });

    await client.query("insert into things values ('x', 1)");
    await using other = await connected(database.url);
    await other.client.query("begin");
    await other.client.query("update things set n = 2");
    const locked = await checkpoint(async ({ sql }) => {
      await sql`set local lock_timeout = 20`;
      await sql`update things set n = 3`;
    });
    expect(locked.outcome).toMatchObject({ kind: "transient", error: { code: "database-55p03" }, effect: "none" });
  });

  test("use one prepared statement for one place in the source", async () => {
    const insert = (id: string) => checkpoint(({ sql }) => sql`insert into things values (${id}, 1)`.then(() => {}));
    await insert("p");
    await insert("q");
    const { rows } = await client.query(
      "select generic_plans + custom_plans as uses from pg_prepared_statements where statement like 'insert into things values ($1, 1)%'",
    );
    expect(rows).toEqual([{ uses: "2" }]);
  });

  test("can't reach the transaction once their time is over", async () => {
    const goOn = Promise.withResolvers<void>();
    const late = Promise.withResolvers<unknown>();
    const definition = defineOperation(head).transaction("make", {
      timeoutMs: 10,
      run: async ({ sql }) => {
        await goOn.promise;
        await sql`insert into things values ('late', 1)`.then(() => late.resolve("written"), late.resolve);
      },
    });
    const performed = await perform(definition, { client });
    expect(performed).toMatchObject({ abandoned: true, outcome: { error: { code: "step-timeout" }, effect: "none" } });
    goOn.resolve();
    expect(await late.promise).toBeInstanceOf(DOMException);
    expect(await things()).toEqual([]);
  });
});

describe("http steps", () => {
  let server: Server;
  let url: string;
  let answer: RequestListener;
  const seen: { key: string | string[] | undefined; url: string | undefined }[] = [];

  beforeAll(async () => {
    server = createServer((request, response) => {
      seen.push({ key: request.headers["idempotency-key"], url: request.url });
      answer(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });
  afterEach(() => seen.splice(0));
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const calling = (step: Partial<HttpStep<{ id: string }, None, None, never>> = {}) =>
    defineOperation(head).http("make", {
      run: ({ http }: Http) => http.post(url, { json: { a: 1 } }).json<{ ok: boolean }>(),
      compensate: ({ http }: Http) => void http,
      ...step,
    } as never);
  const answering =
    (...statuses: number[]): RequestListener =>
    (_, response) =>
      void response
        .writeHead(statuses.shift() ?? 200, { location: "/elsewhere", "retry-after": "3" })
        .end('{"ok":true}');

  test("carry the step's key", async () => {
    answer = answering(201);
    expect((await perform(calling())).outcome).toEqual({ kind: "done", output: { ok: true } });
    expect(seen).toEqual([{ key: "op-1:make", url: "/" }]);
  });

  test("try a 503 again at once, under the same key, and once alone", async () => {
    answer = answering(503, 200);
    expect((await perform(calling())).outcome).toMatchObject({ kind: "done" });
    answer = answering(503, 503, 200);
    const { outcome } = await perform(calling());
    expect(outcome).toMatchObject({
      kind: "transient",
      error: { code: "http-503" },
      effect: "unknown",
      retryAfterMs: 3_000,
    });
    expect(seen.map(({ key }) => key)).toEqual(Array(4).fill("op-1:make"));
  });

  test("a refusal after a quick try that may have had an effect proves nothing of that one", async () => {
    answer = answering(503, 404);
    expect((await perform(calling())).outcome).toMatchObject({
      kind: "permanent",
      error: { code: "http-404" },
      effect: "unknown",
    });
  });

  test("take a status as the step says, and any other 4xx as a refusal, without another try", async () => {
    answer = answering(402, 404);
    const refusals = { 402: { code: "card-declined", message: "Declined" } };
    expect((await perform(calling({ refusals }))).outcome).toMatchObject({
      kind: "permanent",
      error: { code: "card-declined" },
    });
    expect((await perform(calling({ refusals }))).outcome).toMatchObject({
      kind: "permanent",
      effect: "none",
      error: { code: "http-404" },
    });
    expect(seen).toHaveLength(2);
  });

  test("follow no redirect", async () => {
    answer = answering(307, 200);
    const { outcome } = await perform(calling());
    expect(outcome).toMatchObject({ kind: "permanent", error: { code: "unexpected-redirect" }, effect: "unknown" });
    expect(seen).toHaveLength(1);
  });

  test("end at their deadline, which counts to the end of the answer, as possibly done", async () => {
    answer = (_, response) => void response.writeHead(200).write("{");
    const { outcome, abandoned } = await perform(calling({ timeoutMs: 100 }));
    expect(outcome).toMatchObject({ kind: "transient", effect: "unknown" });
    expect(abandoned).toBe(false);
  });

  test("count a connection that broke as possibly done, one that was never made as not done", async () => {
    answer = (request) => void request.socket.destroy();
    expect((await perform(calling())).outcome).toMatchObject({
      kind: "transient",
      error: { code: "no-answer" },
      effect: "unknown",
    });
    expect(seen).toHaveLength(2);
    const free = await unusedUrl();
    const { outcome } = await perform(calling({ run: (({ http }: Http) => http.post(free).json()) as never }));
    expect(outcome).toMatchObject({ kind: "transient", error: { code: "unreachable" }, effect: "none" });
  });

  test("read a bounded part of an answer", async () => {
    answer = (_, response) => void response.end("x".repeat(2 * 1024 * 1024));
    const { outcome } = await perform(calling());
    expect(outcome).toMatchObject({ kind: "permanent", error: { code: "answer-too-large" }, effect: "unknown" });
  });
});

async function connected(url: string) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return { client, [Symbol.asyncDispose]: () => client.end() };
}

async function unusedUrl(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}/`;
}
