import { describe, expect, it } from "vitest";
import { type ClientUnit, ClientUnits } from "./client-units.ts";
import { MessageReader, startupParameters } from "./read-messages.ts";

const text = (value: string): Buffer => Buffer.from(`${value}\0`);
const number = (value: number, bytes: 2 | 4): Buffer => {
  const buffer = Buffer.alloc(bytes);
  buffer.writeIntBE(value, 0, bytes);
  return buffer;
};
const message = (type: string, ...parts: readonly Buffer[]): Buffer => {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(type), number(body.length + 4, 4), body]);
};
const startup = (parameters: string): Buffer => {
  const body = Buffer.concat([number(196_608, 4), Buffer.from(parameters)]);
  return Buffer.concat([number(body.length + 4, 4), body]);
};
const encryption = Buffer.concat([number(8, 4), number(80_877_103, 4)]);
const query = (sql: string): Buffer => message("Q", text(sql));
const parse = (name: string, sql: string): Buffer => message("P", text(name), text(sql), number(0, 2));
const bind = (name: string): Buffer => message("B", text(""), text(name), number(0, 2), number(0, 2), number(0, 2));
const execute = message("E", text(""), number(0, 4));
const sync = message("S");
const named = (name: string, sql: string): Buffer => Buffer.concat([parse(name, sql), bind(name), execute, sync]);
const again = (name: string): Buffer => Buffer.concat([bind(name), execute, sync]);

/** The units of what a client sends after its startup, in chunks of so many bytes. */
function unitsOf(sent: readonly Buffer[], chunkBytes = Number.POSITIVE_INFINITY): ClientUnit[] {
  const stream = Buffer.concat([encryption, startup("user\0me\0application_name\0app-1\0\0"), ...sent]);
  const reader = new MessageReader("client");
  const units = new ClientUnits();
  const found: ClientUnit[] = [];
  for (let from = 0; from < stream.length; from += chunkBytes) {
    for (const each of reader.read(stream.subarray(from, from + chunkBytes))) {
      if (each.type === "encryption" || each.type === "startup") continue;
      const unit = units.take(each);
      if (unit) found.push(unit);
    }
  }
  return found;
}

const commitsOf = (...sent: readonly Buffer[]): (string | undefined)[] => unitsOf(sent).map(({ commits }) => commits);

describe("where a client commits", () => {
  it("is COMMIT, and no statement of the transaction before it", () => {
    expect(commitsOf(query("BEGIN"), named("take", "update stock set n = 1"), query("COMMIT"))).toEqual([
      undefined,
      undefined,
      "COMMIT",
    ]);
  });

  it("is nowhere in a transaction that is rolled back, and a savepoint's end is none", () => {
    const sent = ["begin", "insert into t values (1)", "rollback to savepoint a", "delete from t", "rollback"];
    expect(commitsOf(...sent.map(query))).toEqual(sent.map(() => undefined));
  });

  it("is a statement outside of transactions that changes something, by its name or its beginning", () => {
    const save = "WITH c AS (SELECT 1) UPDATE operations o SET a = 1";
    expect(commitsOf(named("save", save), again("save"), query("delete from t"), query("create table t ()"))).toEqual([
      "save",
      "save",
      "delete from t",
      "create table t ()",
    ]);
  });

  it("is no statement that reads, locks or listens", () => {
    const sent = ["select 1", "select 1 from t for update", "select 1 from t for no key update of t", "listen a"];
    expect(commitsOf(...sent.map(query))).toEqual(sent.map(() => undefined));
  });

  it("is found after each transaction anew", () => {
    const transaction = ["BEGIN", "insert into t values (1)", "COMMIT"].map(query);
    expect(commitsOf(...transaction, query("insert into t values (2)"), ...transaction)).toEqual([
      undefined,
      undefined,
      "COMMIT",
      "insert into t values (2)",
      undefined,
      undefined,
      "COMMIT",
    ]);
  });
});

describe("the stream of a client", () => {
  const sent = [query("BEGIN"), named("save", "insert into t values ($1)"), again("save"), query("COMMIT")];
  const whole = unitsOf(sent);

  it("is cut into units that give the same bytes again", () => {
    expect(whole).toHaveLength(4);
    expect(Buffer.concat(whole.map(({ bytes }) => bytes))).toEqual(Buffer.concat(sent));
    expect(whole.every(({ isAnswered }) => isAnswered)).toBe(true);
  });

  it.each([1, 2, 3, 5, 7, 64])("is read the same in chunks of %i bytes", (chunkBytes) => {
    expect(unitsOf(sent, chunkBytes)).toEqual(whole);
  });

  it("ends with a message that isn't answered", () => {
    expect(unitsOf([message("X")])).toEqual([{ bytes: message("X"), isAnswered: false }]);
  });

  it("tells who opened the connection", () => {
    const [opening] = new MessageReader("client").read(startup("user\0me\0application_name\0app-1\0\0"));
    if (!opening) throw new Error("the startup message was not read");
    expect(Object.fromEntries(startupParameters(opening))).toMatchObject({ user: "me", application_name: "app-1" });
  });

  it("that begins with what nobody knows is refused", () => {
    const unknown = Buffer.concat([number(8, 4), number(7, 4)]);
    expect(() => [...new MessageReader("client").read(unknown)]).toThrow(/unknown code 7/);
  });
});
