import type { TransactionClient } from "@postback/database";
import type { PerformedStep } from "@postback/operations";
import { describe, expect, it } from "vitest";
import type { Place } from "./member-client.ts";
import { sentAheadMax } from "./member-pipe.ts";
import { PipeWidth } from "./pipe-width.ts";
import { done, failedBy, holding, recorded, refused, sqlStateFrom, type TestMember, useSharing } from "./test-rig.ts";

const rig = useSharing({
  notes: "id integer PRIMARY KEY, text text NOT NULL",
  rows: "id integer PRIMARY KEY",
});

type Work = (client: TransactionClient, place: Place) => Promise<PerformedStep>;

const inserting = (id: number, text = "x") => ({
  name: "note",
  text: "INSERT INTO notes VALUES ($1, $2)",
  values: [id, text],
});
const counting = { name: "count", text: "SELECT count(*)::int AS n FROM notes" };

const writing =
  (id: number): Work =>
  async (client) => {
    await client.query(inserting(id));
    return done;
  };
/** Says how many notes it sees, its own among them. */
const seeing =
  (id: number, seen: number[]): Work =>
  async (client) => {
    const [, { rows }] = await Promise.all([client.query(inserting(id)), client.query(counting)]);
    seen.push(rows[0].n);
    return done;
  };

const members = (...works: readonly Work[]): Promise<TestMember[]> =>
  works.reduce<Promise<TestMember[]>>(
    async (before, work) => [...(await before), await rig.member(work)],
    Promise.resolve([]),
  );
const notes = async () =>
  (await rig.db.pool.query<{ id: number }>("SELECT id FROM notes ORDER BY id")).rows.map(({ id }) => id);

/** Of the statements that were sent those between BEGIN and the checkpoint. */
const ofMembers = (statements: readonly string[]): string[] =>
  statements.slice(1).filter((text) => !/save|^COMMIT|WITH c AS/.test(text));
const savepointsIn = (statements: readonly string[]): string[] => statements.filter((text) => /SAVEPOINT/.test(text));

describe("members in the pipe", () => {
  it("are sent in their order, each behind its savepoint, all with one write", async () => {
    const { db, sent } = recorded(rig.db);
    const seen: number[] = [];
    const { kinds } = await rig.share(await members(...[1, 2, 3, 4, 5].map((id) => seeing(id, seen))), { on: db });
    expect(kinds).toEqual(Array(5).fill("saved"));
    expect(seen).toEqual([1, 2, 3, 4, 5]);
    expect(ofMembers(sent.statements)).toEqual(
      [0, 1, 2, 3, 4].flatMap((n) => [`SAVEPOINT member_${n}`, inserting(n).text, counting.text]),
    );
    // BEGIN, all members, their checkpoints with COMMIT.
    expect(sent.writes).toEqual([1, 16, 18]);
  });

  it("are sent with one write too where they ask a moment later, by what waits for nothing but itself", async () => {
    const { db, sent } = recorded(rig.db);
    const later =
      (id: number): Work =>
      async (client) => {
        for (let n = 0; n < 20; n += 1) await undefined;
        return await writing(id)(client, {} as Place);
      };
    const { kinds } = await rig.share(await members(later(1), later(2), later(3)), { on: db });
    expect(kinds).toEqual(["saved", "saved", "saved"]);
    expect(sent.writes).toHaveLength(3);
  });

  it("come no more at a time than the width allows", async () => {
    const { db, sent } = recorded(rig.db);
    const width = new PipeWidth(2);
    const { kinds } = await rig.share(await members(...[1, 2, 3, 4].map(writing)), { on: db, width });
    expect(kinds).toEqual(Array(4).fill("saved"));
    expect(sent.writes).toEqual([1, 5, 9, 11]);
  });

  const positions = [0, 1, 2, 3, 4];

  it.each(positions)("are sent again behind one that is refused, and see nothing of it (number %i)", async (at) => {
    const seen: number[] = [];
    const works = positions.map((id) => seeing(id, seen));
    works[at] = async (client) => {
      await client.query(inserting(at));
      return refused();
    };
    const { kinds } = await rig.share(await members(...works));
    expect(kinds).toEqual(positions.map((n) => (n === at ? "not-done" : "saved")));
    expect(seen).toEqual([1, 2, 3, 4]);
    expect(await notes()).toEqual(positions.filter((n) => n !== at));
  });

  it.each(positions)("are sent again behind one whose statement fails (number %i)", async (at) => {
    const seen: number[] = [];
    const works = positions.map((id) => seeing(id, seen));
    works[at] = async (client) => {
      expect(await sqlStateFrom(client.query("SELECT 1 / 0"))).toBe("22012");
      return refused();
    };
    const { kinds } = await rig.share(await members(...works));
    expect(kinds).toEqual(positions.map((n) => (n === at ? "not-done" : "saved")));
    expect(seen).toEqual([1, 2, 3, 4]);
  });

  it.each(positions)("are sent again behind one that waits too long for a lock (number %i)", async (at) => {
    await rig.db.pool.query("INSERT INTO rows VALUES (1)");
    await using _ = await holding(rig.db, "SELECT FROM rows WHERE id = 1 FOR UPDATE");
    const works = positions.map(writing);
    works[at] = async (client) => failedBy((await sqlStateFrom(client.query("DELETE FROM rows WHERE id = 1"))) ?? "");
    const { kinds, conflicted } = await rig.share(await members(...works));
    expect(kinds).toEqual(positions.map((n) => (n === at ? "unknown" : "saved")));
    expect([conflicted, await notes()]).toEqual([true, positions.filter((n) => n !== at)]);
  });

  it.each(positions)("don't come between the statements of one that asks for more (number %i)", async (at) => {
    const { db, sent } = recorded(rig.db);
    const seen: number[] = [];
    const works = positions.map((id) => seeing(id, seen));
    works[at] = async (client) => {
      const before = (await client.query(counting)).rows[0].n;
      await client.query(inserting(at, `${before} before`));
      return done;
    };
    const { kinds } = await rig.share(await members(...works), { on: db });
    expect(kinds).toEqual(Array(5).fill("saved"));
    expect(seen).toEqual(positions.filter((n) => n !== at).map((n) => n + 1));
    const { rows } = await rig.db.pool.query("SELECT text FROM notes WHERE id = $1", [at]);
    expect(rows).toEqual([{ text: `${at} before` }]);
    const undoing = at === 4 ? [] : [`ROLLBACK TO SAVEPOINT member_${at + 1}`];
    expect(savepointsIn(sent.statements).filter((text) => text.startsWith("ROLLBACK"))).toEqual(undoing);
  });

  it.each(positions)("wait for one that waits for something else first (number %i)", async (at) => {
    const { db, sent } = recorded(rig.db);
    const works = positions.map(writing);
    works[at] = async (client, place) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return await writing(at)(client, place);
    };
    const { kinds } = await rig.share(await members(...works), { on: db });
    expect(kinds).toEqual(Array(5).fill("saved"));
    expect(savepointsIn(sent.statements)).toEqual(positions.map((n) => `SAVEPOINT member_${n}`));
  });

  it.each(positions)(
    "stand although one caught the error of its statement and says that it is done (number %i)",
    async (at) => {
      const seen: number[] = [];
      const works = positions.map((id) => seeing(id, seen));
      works[at] = async (client) => {
        await client.query(inserting(at));
        await sqlStateFrom(client.query("SELECT 1 / 0"));
        return done;
      };
      const { kinds } = await rig.share(await members(...works));
      expect(kinds).toEqual(positions.map((n) => (n === at ? "unknown" : "saved")));
      expect(seen).toEqual([1, 2, 3, 4]);
      expect(await notes()).toEqual(positions.filter((n) => n !== at));
    },
  );

  it("may take back an error by a savepoint of their own", async () => {
    const careful: Work = async (client) => {
      await client.query("SAVEPOINT mine");
      await sqlStateFrom(client.query("SELECT 1 / 0"));
      await client.query("ROLLBACK TO SAVEPOINT mine");
      await client.query(inserting(2));
      return done;
    };
    const { kinds } = await rig.share(await members(writing(1), careful, writing(3)));
    expect(kinds).toEqual(["saved", "saved", "saved"]);
    expect(await notes()).toEqual([1, 2, 3]);
  });

  it("may use the client in all its forms", async () => {
    const withCallback: Work = (client) =>
      new Promise((resolve, reject) => {
        client.query("INSERT INTO notes VALUES ($1, 'x')", [2], (error) => (error ? reject(error) : resolve(done)));
      });
    const withSetting: Work = async (client) => {
      await client.query("SET LOCAL work_mem = '1MB'");
      await client.query("INSERT INTO notes VALUES (3, $1)", [{ json: [client.escapeLiteral("it's")] }]);
      return done;
    };
    const inOneText: Work = async (client) => {
      await client.query("INSERT INTO notes VALUES (4, 'x'); INSERT INTO notes VALUES (5, 'x')");
      return done;
    };
    const { kinds } = await rig.share(await members(writing(1), withCallback, withSetting, inOneText, writing(6)));
    expect(kinds).toEqual(Array(5).fill("saved"));
    expect(await notes()).toEqual([1, 2, 3, 4, 5, 6]);
    const { rows } = await rig.db.pool.query("SELECT text::json->'json'->>0 AS text FROM notes WHERE id = 3");
    expect(rows).toEqual([{ text: "'it''s'" }]);
  });

  it("are sent again as they were asked, whatever became of their values since", async () => {
    const values: unknown[] = [2, "as asked"];
    const changing: Work = async (client) => {
      const answer = client.query("INSERT INTO notes VALUES ($1, $2)", values);
      values[1] = "changed";
      await answer;
      return done;
    };
    const refusing: Work = async (client) => {
      await client.query(inserting(1));
      return refused();
    };
    await rig.share(await members(refusing, changing));
    const { rows } = await rig.db.pool.query("SELECT * FROM notes");
    expect(rows).toEqual([{ id: 2, text: "as asked" }]);
  });

  it("are begun once, however often they are sent, and in vain only so many times", async () => {
    const { db, sent } = recorded(rig.db);
    let begun = 0;
    const refusing =
      (id: number): Work =>
      async (client) => {
        begun += 1;
        await client.query({
          ...inserting(id),
          name: `note_${id}`,
          text: `INSERT INTO notes VALUES ($1, $2) -- ${id}`,
        });
        return refused();
      };
    const ids = Array.from({ length: 32 }, (_, n) => n);
    const width = new PipeWidth(32);
    for (let n = 0; n < 32; n += 1) width.stood(0);
    const { kinds } = await rig.share(await members(...ids.map(refusing)), { on: db, width });
    expect([kinds, begun]).toEqual([Array(32).fill("not-done"), 32]);
    const times = ids.map((id) => sent.statements.filter((text) => text.endsWith(`-- ${id}`)).length);
    expect(Math.max(...times)).toBeGreaterThan(1);
    expect(Math.max(...times)).toBeLessThanOrEqual(sentAheadMax + 1);
  });

  it("that end without a word to the server cost those behind them nothing", async () => {
    const { db, sent } = recorded(rig.db);
    const silent: Work = async () => refused();
    const { kinds } = await rig.share(await members(writing(1), silent, writing(2)), { on: db });
    expect(kinds).toEqual(["saved", "not-done", "saved"]);
    expect(savepointsIn(sent.statements)).toEqual(["SAVEPOINT member_0", "SAVEPOINT member_2"]);
  });

  it("learn that they got no turn, when one before them is too slow", async () => {
    const ended = Promise.withResolvers<[boolean, unknown]>();
    const behind: Work = async (client, place) => {
      const error = await client.query(inserting(2)).catch((reason: unknown) => reason);
      ended.resolve([place.isWithdrawn, error]);
      return done;
    };
    const slow: Work = async (client) => {
      await client.query("SELECT pg_sleep(1.5)");
      return done;
    };
    const { kinds, tooSlow } = await rig.share(await members(slow, behind));
    expect([kinds, tooSlow]).toEqual([["unknown", "unknown"], true]);
    expect(await ended.promise).toEqual([
      true,
      expect.objectContaining({ message: expect.stringMatching(/given up/) }),
    ]);
    expect(await notes()).toEqual([]);
  });

  it("that were interrupted before their turn don't break what the others share", async () => {
    const interrupted: Work = async (client) => {
      void client.query(inserting(2)).catch(() => undefined);
      return { ...failedBy("57014"), abandoned: true, interrupted: true };
    };
    const { kinds, tooSlow } = await rig.share(await members(writing(1), interrupted, writing(3)));
    expect([kinds, tooSlow]).toEqual([["saved", "not-done", "saved"], false]);
    expect(await notes()).toEqual([1, 3]);
  });

  it("reach the transaction no more when they have ended", async () => {
    const left = Promise.withResolvers<TransactionClient>();
    const leaving: Work = async (client) => {
      left.resolve(client);
      return done;
    };
    await rig.share(await members(leaving, writing(1)));
    const client = await left.promise;
    await expect(client.query(inserting(2))).rejects.toThrow(/the step has ended/);
    expect(await notes()).toEqual([1]);
  });

  it("that leave statements behind unawaited are answered before they count as done", async () => {
    const leaving: Work = async (client) => {
      void client.query("SELECT 1 / 0").catch(() => undefined);
      return done;
    };
    const { kinds } = await rig.share(await members(leaving, writing(1), leaving));
    expect(kinds).toEqual(["unknown", "saved", "unknown"]);
  });

  it("take no effect when one of them ends the transaction, against the rules", async () => {
    const committing: Work = async (client) => {
      await client.query("COMMIT");
      return done;
    };
    const { kinds } = await rig.share(await members(committing, writing(2), writing(3)));
    expect(kinds).not.toContain("saved");
    expect(await notes()).toEqual([]);
  });
});
