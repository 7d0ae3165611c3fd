import { describe, expect, it } from "vitest";
import { faultsInSpans, type Span, type SpanLedger } from "./check-spans.ts";

const steps = ["write", "read"];
const entities = ["a", "b"];
const idOf = (entity: string, count: number): string => `${entity}-${count}`;
const counts = [1, 2, 3];

/** Three operations of each of two entities, whose steps took 3 µs each, one after another. */
const ledger: SpanLedger = {
  steps,
  told: counts.flatMap((count) => entities.map((entity) => ({ entity, operationId: idOf(entity, count) }))),
  spans: entities.flatMap((entity) =>
    counts.flatMap((count) =>
      steps.map((step, at): Span => {
        const beganAtUs = count * 100 + at * 10;
        return { entity, operationId: idOf(entity, count), step, beganAtUs, endedAtUs: beganAtUs + 3 };
      }),
    ),
  ),
  ends: counts.flatMap((count) => entities.map((entity) => idOf(entity, count))),
};

const each = (list: readonly unknown[]): number[] => list.map((_, index) => index);
const without = <T>(list: readonly T[], index: number): T[] => list.filter((_, at) => at !== index);
const changed = (index: number, change: Partial<Span>): SpanLedger => ({
  ...ledger,
  spans: ledger.spans.map((span, at) => (at === index ? { ...span, ...change } : span)),
});
const swapped = <T>(list: readonly T[], one: number, other: number): T[] =>
  list.map((each, at) => (at === one ? (list[other] ?? each) : at === other ? (list[one] ?? each) : each));

describe("the checker of steps at work", () => {
  it("finds no fault where every promise is kept", () => {
    expect(faultsInSpans(ledger)).toEqual([]);
  });

  it("allows an operation whose client was told nothing, if it ran wholly", () => {
    expect(faultsInSpans({ ...ledger, told: ledger.told.slice(0, -1) })).toEqual([]);
  });

  it.each(each(ledger.spans))("turns red when step %i is dropped, or doubled", (index) => {
    const span = ledger.spans[index] as Span;
    const again = { ...span, beganAtUs: span.beganAtUs + 1_000, endedAtUs: span.endedAtUs + 1_000 };
    expect(faultsInSpans({ ...ledger, spans: without(ledger.spans, index) })).not.toEqual([]);
    expect(faultsInSpans({ ...ledger, spans: [...ledger.spans, again] })).not.toEqual([]);
  });

  it.each(each(ledger.spans))(
    "turns red when step %i is done twice where nobody was told of the operation",
    (index) => {
      const { operationId } = ledger.spans[index] as Span;
      const untold = { ...ledger, told: ledger.told.filter((told) => told.operationId !== operationId) };
      expect(faultsInSpans({ ...untold, spans: without(ledger.spans, index) })).not.toEqual([]);
    },
  );

  const followers = each(ledger.spans).filter((at) => ledger.spans[at]?.entity === ledger.spans[at - 1]?.entity);
  it.each(followers)("turns red when step %i begins while the one before it is at work", (index) => {
    const { beganAtUs } = ledger.spans[index] as Span;
    expect(faultsInSpans(changed(index - 1, { endedAtUs: beganAtUs + 1 }))).toEqual([
      expect.stringContaining("was at work"),
    ]);
  });

  it.each(each(ledger.told).slice(2))(
    "turns red when operation %i and the one before it of its entity are swapped",
    (index) => {
      expect(faultsInSpans({ ...ledger, told: swapped(ledger.told, index, index - 2) })).toEqual([
        expect.stringContaining("out of order"),
      ]);
    },
  );

  it("turns red when the steps of two operations of an entity mix", () => {
    const mixed = {
      ...ledger,
      spans: ledger.spans.map((span, at) => ({ ...span, ...timesOf(at === 1 ? 2 : at === 2 ? 1 : at) })),
    };
    expect(faultsInSpans(mixed)).toContain("operations of a mixed");
  });

  it.each(each(ledger.ends))("turns red when end %i is dropped, or told twice", (index) => {
    expect(faultsInSpans({ ...ledger, ends: without(ledger.ends, index) })).toHaveLength(1);
    expect(faultsInSpans({ ...ledger, ends: [...ledger.ends, ledger.ends[index] ?? ""] })).toHaveLength(1);
  });
});

function timesOf(index: number): Pick<Span, "beganAtUs" | "endedAtUs"> {
  const { beganAtUs, endedAtUs } = ledger.spans[index] as Span;
  return { beganAtUs, endedAtUs };
}
