import { describe, expect, it } from "vitest";
import { asAskedNow, givesNoPromise, isOrdinary } from "./asked-statement.ts";

describe("an ordinary statement", () => {
  it.each([
    ["select 1"],
    ["  INSERT INTO t VALUES (1);\n"],
    ["with a as (select 1) update t set n = 1"],
    [{ text: "merge into t using u on true when matched then delete" }],
    [{ name: "n", text: "delete from t where note = 'a; b'" }],
    ["update t set note = 'a; b' where id = $1", [1]],
  ])("is one that reads or writes: %j", (...args) => {
    expect(isOrdinary(args)).toBe(true);
  });

  it.each([
    ["commit"],
    ["ROLLBACK TO SAVEPOINT a"],
    ["set local work_mem = '1MB'"],
    ["select 1; commit"],
    ["/* who */ select 1"],
    [{ name: "prepared-before" }],
    [{ text: "select 1; commit", values: [] }],
  ])("is nothing that may end the transaction, or isn't known to be one: %j", (...args) => {
    expect(isOrdinary(args)).toBe(false);
  });

  it("gives a promise, unless somebody is called back", () => {
    const callback = () => undefined;
    expect([["select 1"], ["select $1", [1]], [{ text: "select 1" }]].some(givesNoPromise)).toBe(false);
    const withCallback = [
      ["select 1", callback],
      ["select $1", [1], callback],
      [{ text: "select 1", callback }],
      [{ text: "select 1", submit: callback }],
    ];
    expect(withCallback.every(givesNoPromise)).toBe(true);
  });
});

describe("a statement as it was asked", () => {
  it("keeps text, name, mode and values, in both forms", () => {
    expect(asAskedNow(["select $1", [1]])).toEqual([{ text: "select $1", values: [1] }]);
    const asked = { name: "n", text: "select $1, $2", values: [null, "a"], rowMode: "array" };
    expect(asAskedNow([asked])).toEqual([asked]);
    expect(asAskedNow(["select 1"])).toEqual([{ text: "select 1" }]);
  });

  it("doesn't change with what was given", () => {
    const given = {
      list: ["a", ["b"]],
      json: { a: 1 },
      at: new Date(0),
      bytes: Buffer.from("ab"),
      view: new Uint8Array([1, 2]),
    };
    const [asked] = asAskedNow(["select $1", Object.values(given)]);
    given.list.push("c");
    given.json.a = 2;
    given.at.setTime(1);
    given.bytes[0] = 0;
    given.view[0] = 0;
    expect(asked).toEqual({
      text: "select $1",
      values: [["a", ["b"]], '{"a":1}', new Date(0), Buffer.from("ab"), Buffer.from([1, 2])],
    });
  });

  it("leaves to pg what makes its own text", () => {
    const point = { toPostgres: () => "(1,2)" };
    expect(asAskedNow([{ text: "select $1", values: [point] }])).toEqual([{ text: "select $1", values: [point] }]);
  });
});
