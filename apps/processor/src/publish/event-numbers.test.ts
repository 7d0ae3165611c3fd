import type { NumberedEvent } from "@postback/database";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EventNumbers, firstOfEpoch } from "./event-numbers.ts";

const event = (number: bigint) => ({ number: number.toString() }) as NumberedEvent;
const taken = (numbers: EventNumbers) => numbers.takeDecided(1_000).map((each) => BigInt(each.number));

describe("event numbers", () => {
  it("of a later epoch are all above those of an earlier one, beyond 2^53 too", () => {
    const earlier = new EventNumbers(9_000n);
    const later = new EventNumbers(9_001n);
    for (let i = 0; i < 100; i += 1) earlier.draw();
    expect(later.draw()).toBeGreaterThan(earlier.draw());
    expect(firstOfEpoch(9_000n)).toBeGreaterThan(BigInt(Number.MAX_SAFE_INTEGER));
  });

  it("give out nothing above an undecided one", () => {
    const numbers = new EventNumbers(1n);
    const [a, b, c] = [numbers.draw(), numbers.draw(), numbers.draw()];
    numbers.commit(event(c));
    numbers.commit(event(a));
    expect(taken(numbers)).toEqual([a]);
    numbers.skip(b);
    expect(taken(numbers)).toEqual([c]);
  });

  it("are decided once", () => {
    const numbers = new EventNumbers(1n);
    const number = numbers.draw();
    numbers.skip(number);
    expect(() => numbers.commit(event(number))).toThrow(RangeError);
    expect(() => numbers.skip(number + 1n)).toThrow(RangeError);
  });

  it("come out in order, each committed one once, in whatever order they are decided", () => {
    const plan = fc.array(fc.record({ commits: fc.boolean(), at: fc.double({ min: 0, max: 1, noNaN: true }) }));
    fc.assert(
      fc.property(plan, (drawn) => {
        const numbers = new EventNumbers(3n);
        const all = drawn.map((each) => ({ ...each, number: numbers.draw() }));
        const out: bigint[] = [];
        for (const { number, commits } of all.toSorted((x, y) => x.at - y.at)) {
          if (commits) numbers.commit(event(number));
          else numbers.skip(number);
          out.push(...taken(numbers));
        }
        expect(out).toEqual(all.filter(({ commits }) => commits).map(({ number }) => number));
        expect(numbers.undecided).toBe(0);
      }),
    );
  });
});
