import { newId } from "@postback/domain";
import { describe, expect, it } from "vitest";
import { useDatabase } from "../test-rig.ts";
import type { DeadLetterOwner, DeadLetterPlace } from "./dead-letter-row.ts";
import { deleteOldDeadLetters } from "./delete-old-dead-letters.ts";
import { discardDeadLetter } from "./discard-dead-letter.ts";
import { findDeadLetter } from "./find-dead-letter.ts";
import { type DeadLetterPage, listDeadLetters } from "./list-dead-letters.ts";
import { loadOpenLetters } from "./load-open-letters.ts";
import { markRedriven } from "./mark-redriven.ts";
import { type DeadLetterRow, recordDeadLetters } from "./record-dead-letters.ts";
import { selectRedrivable } from "./select-redrivable.ts";

const rig = useDatabase();
const bytes = Buffer.from([0, 0x22, 0xff]);

let offsets = 0;
/** Of a tenant of its own, unless one is given. */
function aLetter(given: Partial<DeadLetterRow> = {}): DeadLetterRow {
  offsets += 1;
  return {
    topic: "commands",
    partition: 0,
    offset: offsets,
    tenantId: newId(),
    reason: "unreadable-body",
    detail: "the body is not UTF-8",
    key: bytes.toString("base64"),
    header: Buffer.from("{}").toString("base64"),
    body: bytes.toString("base64"),
    ...given,
  };
}

const placeOf = ({ topic, partition, offset }: DeadLetterPlace): DeadLetterPlace => ({ topic, partition, offset });

/** So many letters of one tenant, given up at the same instant. */
async function lettersOfOne(count: number, given: (n: number) => Partial<DeadLetterRow> = () => ({})) {
  const tenantId = newId();
  const letters = Array.from({ length: count }, (_, n) => aLetter({ tenantId, ...given(n) }));
  await recordDeadLetters(rig.db, letters);
  return { owner: { tenantId }, letters, places: letters.map(placeOf) };
}

async function pagesOf(owner: DeadLetterOwner, page: DeadLetterPage): Promise<DeadLetterPlace[]> {
  const places: DeadLetterPlace[] = [];
  for (let after: DeadLetterPage["after"]; ; ) {
    const rows = await listDeadLetters(rig.db, owner, { ...page, after });
    places.push(...rows.map(placeOf));
    after = rows.at(-1);
    if (rows.length < page.limit) return places;
  }
}

describe("a letter", () => {
  it("is kept byte for byte, once", async () => {
    const letter = aLetter();
    await recordDeadLetters(rig.db, [letter]);
    await recordDeadLetters(rig.db, [{ ...letter, detail: "another" }]);
    expect(await findDeadLetter(rig.db, { tenantId: letter.tenantId ?? "" }, letter)).toMatchObject({
      ...placeOf(letter),
      tenantId: letter.tenantId,
      detail: letter.detail,
      key: bytes,
      header: Buffer.from("{}"),
      body: bytes,
      redrivenAt: null,
      discardedAt: null,
    });
  });

  it("is found by its tenant and by whoever may see anyone's, and by no other tenant", async () => {
    const { owner, letters } = await lettersOfOne(1);
    const place = letters[0] ?? aLetter();
    const found = await Promise.all(
      [owner, "anyone" as const, { tenantId: newId() }].map((who) => findDeadLetter(rig.db, who, place)),
    );
    expect(found.map((row) => row?.offset)).toEqual([place.offset, place.offset, undefined]);
  });

  it("without a tenant is found by nobody's tenant", async () => {
    const letter = aLetter({ tenantId: undefined, header: undefined });
    await recordDeadLetters(rig.db, [letter]);
    expect(await findDeadLetter(rig.db, "anyone", letter)).toMatchObject({ tenantId: null, header: null });
    expect(await findDeadLetter(rig.db, { tenantId: newId() }, letter)).toBeUndefined();
  });
});

describe("the list", () => {
  it("has pages that go on where the one before ended, also among letters of one instant, whatever comes meanwhile", async () => {
    const { owner, places } = await lettersOfOne(7);
    const first = await listDeadLetters(rig.db, owner, { limit: 3 });
    await recordDeadLetters(rig.db, [aLetter({ tenantId: owner.tenantId })]);
    expect(first.map(placeOf)).toEqual(places.toReversed().slice(0, 3));
    const others = await listDeadLetters(rig.db, owner, { limit: 10, after: first.at(-1) });
    expect(others.map(placeOf)).toEqual(places.toReversed().slice(3));
  });

  it("has the newest first and every letter once, page by page", async () => {
    const { owner, places } = await lettersOfOne(5, (n) => ({ partition: n }));
    await rig.query(
      "UPDATE dead_letters SET created_at = now() - partition * interval '1 microsecond' WHERE tenant_id = $1",
      [owner.tenantId],
    );
    expect(await pagesOf(owner, { limit: 2 })).toEqual(places);
  });

  it("is filtered by reason, topic, time and status", async () => {
    const { owner, places } = await lettersOfOne(3, (n) => ({
      topic: ["commands", "events", "commands.payments"][n] ?? "",
      reason: ["unreadable-body", "rejected-by-database", "unreadable-body"][n] ?? "",
    }));
    const [one, two, three] = places;
    if (!one || !two || !three) throw new Error("three letters");
    await rig.query(
      "UPDATE dead_letters SET created_at = now() - interval '1 hour' WHERE topic = $1 AND tenant_id = $2",
      ["events", owner.tenantId],
    );
    await markRedriven(rig.db, [{ ...two, to: { partition: 1, offset: 9 } }]);
    await discardDeadLetter(rig.db, owner, three);
    const halfAnHourAgo = new Date(Date.now() - 1_800_000);
    const listed = async (page: Partial<DeadLetterPage>) =>
      (await listDeadLetters(rig.db, owner, { limit: 10, ...page })).map(({ offset }) => offset).sort();
    expect(await listed({ reason: "unreadable-body" })).toEqual([one.offset, three.offset]);
    expect(await listed({ topic: "events" })).toEqual([two.offset]);
    expect(await listed({ since: halfAnHourAgo })).toEqual([one.offset, three.offset]);
    expect(await listed({ until: halfAnHourAgo })).toEqual([two.offset]);
    expect(await listed({ status: "open" })).toEqual([one.offset]);
    expect(await listed({ status: "redriven" })).toEqual([two.offset]);
    expect(await listed({ status: "discarded", topic: "commands.payments" })).toEqual([three.offset]);
  });
});

describe("a redrive", () => {
  it("selects what is open and has a header, in the order of the log, and no more than asked for", async () => {
    const { owner, places } = await lettersOfOne(6, (n) => ({
      partition: n % 2,
      ...(n === 5 ? { header: undefined } : {}),
    }));
    const [zero, one, two, three, four] = places;
    if (!zero || !one || !two || !three || !four) throw new Error("six letters");
    await discardDeadLetter(rig.db, owner, zero);
    expect(await selectRedrivable(rig.db, owner, {}, 10)).toEqual([two, four, one, three]);
    expect(await selectRedrivable(rig.db, owner, {}, 3)).toEqual([two, four, one]);
    expect(await selectRedrivable(rig.db, { tenantId: newId() }, {}, 10)).toEqual([]);
  });

  it("loads the letters that are still open, in the order of the log", async () => {
    const { owner, places } = await lettersOfOne(3);
    await discardDeadLetter(rig.db, owner, places[1] ?? aLetter());
    const loaded = await loadOpenLetters(rig.db, places.toReversed());
    expect(loaded.map(placeOf)).toEqual([places[0], places[2]]);
    expect(loaded.map(({ body }) => body)).toEqual([bytes, bytes]);
  });

  it("is noted with its new place, also of a letter that had been discarded", async () => {
    const { owner, letters } = await lettersOfOne(1);
    const place = placeOf(letters[0] ?? aLetter());
    await discardDeadLetter(rig.db, owner, place);
    await markRedriven(rig.db, [{ ...place, to: { partition: 3, offset: 77 } }]);
    expect(await findDeadLetter(rig.db, owner, place)).toMatchObject({
      redrivenAt: expect.any(Date),
      redrivenPartition: 3,
      redrivenOffset: 77,
      discardedAt: null,
    });
    await discardDeadLetter(rig.db, owner, place);
    expect(await findDeadLetter(rig.db, owner, place)).toMatchObject({ discardedAt: null });
  });

  it("is not undone, and a discard not done, for another tenant", async () => {
    const { owner, letters } = await lettersOfOne(1);
    const place = placeOf(letters[0] ?? aLetter());
    await discardDeadLetter(rig.db, { tenantId: newId() }, place);
    expect(await findDeadLetter(rig.db, owner, place)).toMatchObject({ discardedAt: null });
  });
});

it("letters older than the days given are deleted, the oldest first, no more than asked for at a time", async () => {
  const { owner, places } = await lettersOfOne(4);
  await rig.query(
    `UPDATE dead_letters SET created_at = now() - interval '31 days' - "offset" * interval '1 hour'
     WHERE tenant_id = $1 AND "offset" <> $2`,
    [owner.tenantId, places[0]?.offset],
  );
  expect(await deleteOldDeadLetters(rig.db, 30, 2)).toBe(2);
  expect(await pagesOf(owner, { limit: 10 })).toEqual([places[0], places[1]]);
  expect(await deleteOldDeadLetters(rig.db, 30, 2)).toBe(1);
  expect(await deleteOldDeadLetters(rig.db, 30, 2)).toBe(0);
  expect(await pagesOf(owner, { limit: 10 })).toEqual([places[0]]);
});
