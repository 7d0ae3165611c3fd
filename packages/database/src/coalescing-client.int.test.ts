import type pg from "pg";
import { describe, expect, it } from "vitest";
import { useDatabase } from "./test-rig.ts";

const rig = useDatabase();
const doubled = { name: "doubled", text: "SELECT $1::integer * 2 AS n" };

describe("a named statement", () => {
  it("is prepared once a connection, and answers by a promise, also with its values beside it", async () => {
    const client = await rig.db.pool.connect();
    const answers = [await client.query({ ...doubled, values: [2] }), await client.query(doubled, [3])];
    const prepared = await client.query("SELECT name FROM pg_prepared_statements WHERE name = 'doubled'");
    client.release();
    expect(answers.map(({ rows }) => rows)).toEqual([[{ n: 4 }], [{ n: 6 }]]);
    expect(prepared.rows).toEqual([{ name: "doubled" }]);
  });

  it("answers by a callback", async () => {
    const client = await rig.db.pool.connect();
    const answer = await new Promise<pg.QueryResult>((resolve, reject) => {
      client.query({ ...doubled, values: [4] }, (error, result) => (error ? reject(error) : resolve(result)));
    });
    client.release();
    expect(answer.rows).toEqual([{ n: 8 }]);
  });

  it("can want its rows as lists", async () => {
    const { rows } = await rig.db.pool.query({ ...doubled, values: [5], rowMode: "array" });
    expect(rows).toEqual([[10]]);
  });

  it("that is refused says so with the server's code, and the stack leads to who asked", async () => {
    const asked = async () => await rig.db.pool.query({ ...doubled, values: ["no number"] });
    await expect(asked()).rejects.toMatchObject({ code: "22P02" });
    const client = await rig.db.pool.connect();
    const error = await client.query({ ...doubled, values: ["no number"] }).catch((thrown: Error) => thrown);
    client.release();
    expect(error).toHaveProperty("stack", expect.not.stringContaining("onStreamRead"));
  });
});
