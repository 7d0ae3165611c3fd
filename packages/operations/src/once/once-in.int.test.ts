import type { AddressInfo } from "node:net";
import { createServer, type Socket, connect as tcpConnect } from "node:net";
import { newId, uuidV7At } from "@postback/domain";
import { createTestDatabase, eventually, type TestDatabase } from "@postback/testkit";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { refuse } from "../refusal.ts";
import { type OnceContext, onceIn } from "./once-in.ts";
import { prepareOnce } from "./once-table.ts";
import { pruneOnce } from "./prune-once.ts";

const day = 24 * 3600 * 1000;
const tenantId = "0199c1a0-0000-7000-8000-000000000001";
let database: TestDatabase;
let pool: pg.Pool;
let operationId: string;

beforeAll(async () => {
  database = await createTestDatabase({ migrated: false });
  pool = open();
  await Promise.all([prepareOnce(pool), prepareOnce(pool)]);
  await pool.query("create table entries (id text, amount integer not null check (amount > 0))");
  await pool.query("create table accounts (id text primary key)");
  await pool.query("create table owned (account text references accounts deferrable initially deferred)");
});
beforeEach(() => {
  operationId = newId();
});
afterAll(async () => {
  await pool.end();
});

const open = (connectionString = database.url) => new pg.Pool({ connectionString, max: 4 });

/** What a step is called with, anew for each attempt. */
function running(changes: { id?: string; tenantId?: string; signal?: AbortSignal } = {}) {
  const { id = operationId, signal = new AbortController().signal } = changes;
  const entity = { type: "account", id: "a" };
  const operation = { id, type: "account.credit", revision: 1, tenantId: changes.tenantId ?? tenantId, entity };
  return { operation, idempotencyKey: `${id}:credit`, signal };
}
const undoing = (changes: Parameters<typeof running>[0] = {}) => {
  const run = running(changes);
  const [key, output]: [string, { n: number } | undefined] = [run.idempotencyKey, undefined];
  return { ...run, idempotencyKey: `${key}:compensate`, runIdempotencyKey: key, output };
};

const credit = async ({ sql }: OnceContext, amount = 5) => {
  const [entry] = await sql<{
    n: number;
  }>`insert into entries (id, amount) values (${operationId}, ${amount}) returning amount as n`;
  return { n: entry?.n ?? 0 };
};
async function balance(id = operationId): Promise<number> {
  const { rows } = await pool.query("select coalesce(sum(amount), 0)::int as sum from entries where id = $1", [id]);
  return rows[0].sum;
}
const rowsOf = async (id = operationId) =>
  (await pool.query("select key, state from postback_once where starts_with(key, $1) order by key", [id])).rows.map(
    ({ key, state }) => `${key.slice(id.length + 1)} ${state}`,
  );
const undo = async ({ sql }: OnceContext) => void (await sql`delete from entries where id = ${operationId}`);
/** For the transaction that another one has the key of. */
const untilOneWaits = () =>
  eventually(async () => {
    const { rows } = await pool.query(
      "select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
    );
    expect(rows[0].n).toBe(1);
  });
const never = (): never => {
  throw new Error("it must not be called");
};

test("works once: a repeat gets what the first one gave", async () => {
  expect(await onceIn(pool, running(), credit)).toEqual({ n: 5 });
  expect(await onceIn(pool, running(), never)).toEqual({ n: 5 });
  expect(await balance()).toBe(5);
});

test.each([
  ["nothing", undefined],
  ["null", null],
  ["text", "a"],
])("gives %s as it was given", async (_, value) => {
  expect(await onceIn(pool, running(), () => value)).toBe(value);
  expect(await onceIn(pool, running(), never)).toBe(value);
});

test("of several at once one works, the others wait for what it gives", async () => {
  let working = 0;
  const slowly = async (once: OnceContext) => {
    working += 1;
    await once.sql`select pg_sleep(0.1)`;
    return credit(once);
  };
  const gave = await Promise.all([1, 2, 3].map(() => onceIn(pool, running(), slowly)));
  expect(gave).toEqual([{ n: 5 }, { n: 5 }, { n: 5 }]);
  expect([working, await balance()]).toEqual([1, 5]);
});

test("one that waits works itself when the first one fails", async () => {
  const begun = Promise.withResolvers<void>();
  const failing = onceIn(pool, running(), async (once) => {
    await credit(once);
    begun.resolve();
    await untilOneWaits();
    throw new Error("the first one fails");
  });
  await begun.promise;
  const [first, second] = await Promise.allSettled([failing, onceIn(pool, running(), credit)]);
  expect([first.status, second.status]).toEqual(["rejected", "fulfilled"]);
  expect(await balance()).toBe(5);
});

test("the same operation id of another tenant is another operation", async () => {
  await onceIn(pool, running(), credit);
  await onceIn(pool, running({ tenantId: "0199c1a0-0000-7000-8000-000000000002" }), credit);
  expect(await balance()).toBe(10);
});

test("a failure leaves nothing, also one that only COMMIT finds, and one that the work caught", async () => {
  const deferred = onceIn(pool, running(), async (once) => {
    await credit(once);
    await once.sql`insert into owned values ('nobody')`;
  });
  await expect(deferred).rejects.toMatchObject({ code: "23503" });
  const caught = onceIn(pool, running(), async (once) => {
    await credit(once)
      .then(() => credit(once, 0))
      .catch(() => undefined);
  });
  // Its row can't be written either: the transaction is aborted.
  await expect(caught).rejects.toMatchObject({ code: "25P02" });
  expect([await balance(), await rowsOf()]).toEqual([0, []]);
  expect(await onceIn(pool, running(), credit)).toEqual({ n: 5 });
});

test("a refusal is decided once: its effect is undone, a repeat is refused alike, also by work that would do it now", async () => {
  const refusing = async (once: OnceContext) => {
    await credit(once);
    throw refuse("account-closed", "The account is closed");
  };
  const refused = { code: "account-closed", message: "The account is closed" };
  await expect(onceIn(pool, running(), refusing)).rejects.toMatchObject(refused);
  await expect(onceIn(pool, running(), credit)).rejects.toMatchObject(refused);
  expect([await balance(), await rowsOf()]).toEqual([0, ["credit refused"]]);
});

test("an output that is no JSON is refused, and its effect undone", async () => {
  const dated = onceIn(pool, running(), async (once) => {
    await credit(once);
    return { at: new Date() } as never;
  });
  await expect(dated).rejects.toMatchObject({ code: "invalid-output" });
  expect(await balance()).toBe(0);
});

test("work that ends its transaction is told, and what it did isn't taken for done", async () => {
  const ending = onceIn(pool, running(), async ({ sql, client }) => {
    await credit({ sql, client });
    await client.query("commit");
  });
  await expect(ending).rejects.toMatchObject({ code: "once-broken" });
  await expect(onceIn(pool, running(), never)).rejects.toMatchObject({ code: "once-broken" });
});

test("a second call in one step is refused", async () => {
  const context = running();
  await onceIn(pool, context, credit);
  await expect(onceIn(pool, context, credit)).rejects.toThrow(/twice for one database/);
});

test("what the work left behind reaches the transaction no more", async () => {
  const left = Promise.withResolvers<OnceContext["sql"]>();
  await onceIn(pool, running(), ({ sql }) => left.resolve(sql));
  const sql = await left.promise;
  await expect(sql`select 1`).rejects.toThrow(/has ended/);
});

test("work whose time is over commits nothing, and its connection isn't used again", async () => {
  const stopping = new AbortController();
  const slow = onceIn(pool, running({ signal: stopping.signal }), async (once) => {
    await credit(once);
    stopping.abort(new Error("time is over"));
    await once.client.query("select 1");
  });
  await expect(slow).rejects.toThrow();
  await eventually(async () => expect(await onceIn(pool, running(), credit)).toEqual({ n: 5 }));
  expect(await balance()).toBe(5);
});

test("a COMMIT whose answer is lost is done, and the repeat gets what it gave", async () => {
  await using proxy = await startProxy();
  const through = open(proxy.url);
  const lost = onceIn(through, running(), async (once) => {
    const gave = await credit(once);
    proxy.swallowAnswerTo("commit");
    return gave;
  });
  await expect(lost).rejects.toThrow();
  await eventually(async () => expect(await rowsOf()).toEqual(["credit done"]));
  expect(await onceIn(pool, running(), never)).toEqual({ n: 5 });
  expect(await balance()).toBe(5);
  await through.end();
});

test("a compensation undoes what was done, once, and knows what it gave", async () => {
  await onceIn(pool, running(), credit);
  let gave: unknown;
  const undoOnce = async (once: OnceContext & { output: { n: number } | undefined }) => {
    gave = once.output;
    await undo(once);
  };
  await onceIn(pool, undoing(), undoOnce);
  expect([await balance(), gave]).toEqual([0, { n: 5 }]);
  await onceIn(pool, undoing(), never);
  expect(await rowsOf()).toEqual(["credit done", "credit:compensate done"]);
});

test("a compensation of what never was done does nothing, and a late run is refused", async () => {
  await onceIn(pool, undoing(), never);
  await expect(onceIn(pool, running(), credit)).rejects.toMatchObject({ code: "once-stopped" });
  expect([await balance(), await rowsOf()]).toEqual([0, ["credit stopped"]]);
});

test("a compensation waits for a run that is at work, and undoes it", async () => {
  const begun = Promise.withResolvers<void>();
  const run = onceIn(pool, running(), async (once) => {
    const gave = await credit(once);
    begun.resolve();
    await untilOneWaits();
    return gave;
  });
  await begun.promise;
  await Promise.all([run, onceIn(pool, undoing(), undo)]);
  expect([await balance(), await rowsOf()]).toEqual([0, ["credit done", "credit:compensate done"]]);
});

test("a compensation that refuses can be tried again", async () => {
  await onceIn(pool, running(), credit);
  const refusing = onceIn(pool, undoing(), () => {
    throw refuse("bank-closed", "The bank is closed");
  });
  await expect(refusing).rejects.toMatchObject({ code: "bank-closed" });
  await onceIn(pool, undoing(), undo);
  expect(await balance()).toBe(0);
});

test("old rows are pruned; what is as old as they were is held to be unknown, never undone or done again", async () => {
  const old = uuidV7At(Date.now() - 70 * day, Buffer.from("0123456789"));
  await onceIn(pool, running({ id: old }), credit);
  await onceIn(pool, running(), credit);
  await pool.query("update postback_once set at = now() - interval '70 days' where starts_with(key, $1)", [old]);
  await expect(pruneOnce(pool, { olderThanMs: 30 * day })).rejects.toThrow(RangeError);
  expect(await pruneOnce(pool)).toBe(1);
  expect([await rowsOf(old), await rowsOf()]).toEqual([[], ["credit done"]]);
  await expect(onceIn(pool, running({ id: old }), never)).rejects.toMatchObject({ code: "once-forgotten" });
  await expect(onceIn(pool, undoing({ id: old }), never)).rejects.toMatchObject({ code: "once-forgotten" });
});

interface Proxy extends AsyncDisposable {
  readonly url: string;
  /** Lets the next statement of this text through, and breaks the connection instead of answering. */
  swallowAnswerTo(statement: string): void;
}

/** Between a client and the database. */
async function startProxy(): Promise<Proxy> {
  const target = new URL(database.url);
  const sockets = new Set<Socket>();
  let swallowed: string | undefined;
  const server = createServer((client) => {
    const upstream = tcpConnect(Number(target.port), target.hostname);
    let swallowing = false;
    for (const socket of [client, upstream]) sockets.add(socket.on("error", () => socket.destroy()));
    client.on("data", (bytes) => {
      swallowing ||= swallowed !== undefined && bytes.includes(swallowed);
      upstream.write(bytes);
    });
    upstream.on("data", (bytes) => (swallowing ? client.destroy() : client.write(bytes)));
    client.on("close", () => upstream.end());
    upstream.on("close", () => client.destroy());
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const url = new URL(database.url);
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: url.href,
    swallowAnswerTo: (statement) => {
      swallowed = statement;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((closed) => server.close(closed));
    },
  };
}
