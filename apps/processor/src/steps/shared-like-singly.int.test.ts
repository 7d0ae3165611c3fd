import type { TransactionClient } from "@postback/database";
import type { PerformedStep } from "@postback/operations";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { PipeWidth } from "./pipe-width.ts";
import { done, failedBy, holding, refused, sqlStateFrom, useSharing } from "./test-rig.ts";

/**
 * A member of each kind works on one of a few cells, by what depends on the order: `v * 3 + by`, modulo 10007. Shared or
 * singly, each must see the same and leave the same.
 */
const rig = useSharing({ cells: "id integer PRIMARY KEY, v integer NOT NULL", held: "id integer PRIMARY KEY" });

const cellIds = [0, 1, 2];
const after = (v: number, by: number): number => (v * 3 + by) % 10_007;

interface Given {
  readonly how: keyof typeof kinds;
  readonly cell: number;
  readonly by: number;
}

interface Doing extends Given {
  readonly client: TransactionClient;
  /** What it learnt of its cell. */
  readonly saw: (v: number) => void;
}

interface Kind {
  perform(doing: Doing): Promise<PerformedStep>;
  /** What becomes of it, given its cell. Default: it is saved and the cell is changed. */
  readonly comesTo?: (v: number) => "saved" | "unchanged" | "not-done" | "unknown";
  /** What it has learnt of its cell in the end. Default: as it is after the change. */
  readonly sees?: "nothing";
}

const changing = { name: "change", text: "UPDATE cells SET v = (v * 3 + $2) % 10007 WHERE id = $1 RETURNING v" };

async function change({ client, cell, by, saw }: Doing): Promise<number> {
  const { rows } = await client.query<{ v: number }>({ ...changing, values: [cell, by] });
  const v = rows[0]?.v ?? Number.NaN;
  saw(v);
  return v;
}

const isEven = (v: number) => v % 2 === 0;

const kinds = {
  changes: {
    perform: async (doing) => {
      await change(doing);
      return done;
    },
  },
  "looks while it changes": {
    perform: async (doing) => {
      await Promise.all([doing.client.query("SELECT FROM cells"), change(doing)]);
      return done;
    },
  },
  "changes and refuses": {
    perform: async (doing) => {
      await change(doing);
      return refused();
    },
    comesTo: () => "not-done",
  },
  "refuses by what it sees": {
    perform: async (doing) => (isEven(await change(doing)) ? refused() : done),
    comesTo: (v) => (isEven(v) ? "not-done" : "saved"),
  },
  "reads, then writes what it has worked out": {
    perform: async ({ client, cell, by, saw }) => {
      const { rows } = await client.query<{ v: number }>("SELECT v FROM cells WHERE id = $1", [cell]);
      const v = rows[0]?.v ?? Number.NaN;
      await client.query("UPDATE cells SET v = $2 WHERE id = $1", [cell, after(v, by)]);
      saw(after(v, by));
      return done;
    },
  },
  "waits for something else first": {
    perform: async (doing) => {
      await new Promise((resolve) => setImmediate(resolve));
      await change(doing);
      return done;
    },
  },
  "asks for nothing": { perform: async () => done, comesTo: () => "unchanged", sees: "nothing" },
  "refuses without asking": { perform: async () => refused(), comesTo: () => "not-done", sees: "nothing" },
  fails: {
    perform: async (doing) => {
      await change(doing);
      await sqlStateFrom(doing.client.query("SELECT 1 / 0"));
      return refused();
    },
    comesTo: () => "not-done",
  },
  "fails at once": {
    perform: async ({ client }) => failedBy((await sqlStateFrom(client.query("SELECT 1 / 0"))) ?? ""),
    comesTo: () => "unknown",
    sees: "nothing",
  },
  "catches its failure": {
    perform: async (doing) => {
      await Promise.all([change(doing), sqlStateFrom(doing.client.query("SELECT 1 / 0"))]);
      return done;
    },
    comesTo: () => "unknown",
  },
  "takes its failure back": {
    perform: async (doing) => {
      await doing.client.query("SAVEPOINT mine");
      await sqlStateFrom(doing.client.query("SELECT 1 / 0"));
      await doing.client.query("ROLLBACK TO SAVEPOINT mine");
      await change(doing);
      return done;
    },
  },
  "waits too long for a lock": {
    perform: async ({ client }) => failedBy((await sqlStateFrom(client.query("DELETE FROM held"))) ?? ""),
    comesTo: () => "unknown",
    sees: "nothing",
  },
  "asks by a callback": {
    perform: ({ client, cell, by, saw }) =>
      new Promise((resolve, reject) => {
        client.query<{ v: number }>({ ...changing, values: [cell, by] }, (error, { rows }) => {
          if (error) return reject(error);
          saw(rows[0]?.v ?? Number.NaN);
          resolve(done);
        });
      }),
  },
  "leaves its statement unawaited": {
    perform: async (doing) => {
      void change(doing);
      return done;
    },
    sees: "nothing",
  },
} as const satisfies Record<string, Kind>;

const kindOf = ({ how }: Given): Kind => kinds[how];

/** One after the other, each in a transaction of its own that is never disturbed. */
function singly(members: readonly Given[], cells: Map<number, number>) {
  return members.map((member) => {
    const { comesTo = () => "saved", sees = "after" } = kindOf(member);
    const before = cells.get(member.cell) ?? 0;
    const v = after(before, member.by);
    const came = comesTo(v);
    if (came === "saved") cells.set(member.cell, v);
    return { kind: came === "unchanged" ? "saved" : came, saw: sees === "after" ? v : undefined };
  });
}

const given: fc.Arbitrary<Given> = fc.record({
  how: fc.constantFrom(...(Object.keys(kinds) as Given["how"][])),
  cell: fc.constantFrom(...cellIds),
  by: fc.integer({ min: 0, max: 100 }),
});
/** Most members of a step do the same, and a few go wrong. */
const mostly: fc.Arbitrary<Given> = fc.oneof(
  { weight: 3, arbitrary: given.map((each) => ({ ...each, how: "changes" }) as Given) },
  { weight: 2, arbitrary: given },
);

async function valuesOfCells(): Promise<Map<number, number>> {
  const { rows } = await rig.db.pool.query<{ id: number; v: number }>("SELECT id, v FROM cells");
  return new Map(rows.map(({ id, v }) => [id, v]));
}

async function shared(members: readonly Given[], width: PipeWidth) {
  const seen = new Map<number, number>();
  const all = [];
  for (const [n, each] of members.entries()) {
    all.push(await rig.member((client) => kindOf(each).perform({ ...each, client, saw: (v) => seen.set(n, v) })));
  }
  const { kinds: came } = await rig.share(all, { width });
  return members.map((each, n) => ({
    kind: came[n],
    saw: (kindOf(each).sees ?? "after") === "after" ? seen.get(n) : undefined,
  }));
}

describe("members that share a transaction, whatever they do", () => {
  beforeEach(async () => {
    await rig.db.pool.query("INSERT INTO cells SELECT id, id + 1 FROM unnest($1::integer[]) AS id", [cellIds]);
    await rig.db.pool.query("INSERT INTO held VALUES (1)");
  });

  it("see and leave what they would one after the other", async () => {
    await using _ = await holding(rig.db, "SELECT FROM held FOR UPDATE");
    const groups = fc.array(mostly, { minLength: 2, maxLength: 16 });
    await fc.assert(
      fc.asyncProperty(groups, fc.integer({ min: 1, max: 16 }), async (members, widthMax) => {
        const cells = await valuesOfCells();
        const expected = singly(members, cells);
        expect(await shared(members, new PipeWidth(widthMax))).toEqual(expected);
        expect(await valuesOfCells()).toEqual(cells);
      }),
      { numRuns: 60 },
    );
  });
});
