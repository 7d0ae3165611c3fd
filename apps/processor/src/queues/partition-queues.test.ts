import { describe, expect, it, vi } from "vitest";
import { PartitionQueues } from "./partition-queues.ts";
import { defaultBounds, type QueueBounds, type Queued } from "./queued.ts";

const queued = (id: string, entityKey: string, position: number): Queued => ({
  tenantId: "t",
  id,
  entityKey,
  position: BigInt(position),
  inherited: false,
});

function queues(bounds: Partial<QueueBounds> = {}) {
  const ready: Queued[] = [];
  const drained: bigint[] = [];
  let rooms = 0;
  const events = {
    onReady: (head: Queued) => void ready.push(head),
    onEntityDrained: ({ position }: { position: bigint }) => void drained.push(position),
    onRoom: () => {
      rooms += 1;
    },
  };
  const made = new PartitionQueues(events, { ...defaultBounds, ...bounds });
  const end = (id: string) => made.finished(ready.findLast((head) => head.id === id) as Queued, { kind: "ended" });
  const hold = (id: string) => made.finished(ready.find((head) => head.id === id) as Queued, { kind: "held" });
  const park = (id: string) => made.finished(ready.findLast((head) => head.id === id) as Queued, { kind: "parked" });
  return { ready, drained, rooms: () => rooms, ids: () => ready.map((head) => head.id), made, end, hold, park };
}

describe("partition queues", () => {
  it("run one operation at a time per entity and many entities at once", () => {
    const { made, ids, ready } = queues();
    made.add(queued("a1", "a", 1));
    made.add(queued("a2", "a", 2));
    made.add(queued("b1", "b", 3));
    expect(ids()).toEqual(["a1", "b1"]);
    made.finished(ready[0] as Queued, { kind: "ended" });
    expect(ids()).toEqual(["a1", "b1", "a2"]);
  });

  it("take an operation once, whoever brings it again", () => {
    const { made, ids } = queues();
    made.add(queued("a1", "a", 1));
    made.add(queued("a1", "a", 1));
    expect(ids()).toEqual(["a1"]);
    expect(made.size).toBe(1);
  });

  it("let a waiting operation hold its entity, and nothing else, until its time", () => {
    vi.useFakeTimers();
    try {
      const { made, ids, ready } = queues();
      made.add(queued("a1", "a", 1));
      made.add(queued("a2", "a", 2));
      made.finished(ready[0] as Queued, { kind: "wait", untilMs: Date.now() + 1_000 });
      made.add(queued("b1", "b", 3));
      vi.advanceTimersByTime(999);
      expect(ids()).toEqual(["a1", "b1"]);
      vi.advanceTimersByTime(1);
      expect(ids()).toEqual(["a1", "b1", "a1"]);
    } finally {
      vi.useRealTimers();
    }
  });

  it("hold an entity whose head nothing leads on from", () => {
    const { made, ids, ready } = queues();
    made.add(queued("a1", "a", 1));
    made.finished(ready[0] as Queued, { kind: "held" });
    made.add(queued("a2", "a", 2));
    expect(ids()).toEqual(["a1"]);
  });

  it("wake the operation that holds its entity when something is asked of it, and no other", () => {
    const { made, ids, ready } = queues();
    made.add(queued("a1", "a", 1));
    made.add(queued("a2", "a", 2));
    made.wake("t", "a1");
    expect(ids()).toEqual(["a1"]);
    made.finished(ready[0] as Queued, { kind: "held" });
    made.wake("t", "a2");
    made.wake("t", "gone");
    expect(ids()).toEqual(["a1"]);
    made.wake("t", "a1");
    expect(ids()).toEqual(["a1", "a1"]);
    expect(ready[1]?.row).toBeUndefined();
  });

  it("keep what is beyond an entity's bound in Postgres, while other entities go on", () => {
    const { made, ids, drained, end } = queues({ perEntityMax: 2, perPartitionMax: 10 });
    for (const n of [1, 2, 3]) made.add(queued(`a${n}`, "a", n));
    made.add(queued("b1", "b", 4));
    expect(ids()).toEqual(["a1", "b1"]);
    end("a1");
    end("a2");
    expect(drained).toEqual([2n]);
    // Admitted while the page is read: it must not overtake a3.
    made.add(queued("a5", "a", 5));
    made.loadEntity("a", [queued("a3", "a", 3)]);
    end("a3");
    made.loadEntity("a", [queued("a5", "a", 5)]);
    end("a5");
    made.loadEntity("a", []);
    made.add(queued("a6", "a", 6));
    expect(ids()).toEqual(["a1", "b1", "a2", "a3", "a5", "a6"]);
  });

  it("keep what is beyond the partition's bound in Postgres, and ask for it when half is done", () => {
    const { made, ids, rooms, end } = queues({ perEntityMax: 10, perPartitionMax: 2 });
    for (const n of [1, 2, 3]) made.add(queued(`e${n}`, `e${n}`, n));
    expect(made.hasLeftOut).toBe(true);
    expect(made.highest).toBe(2n);
    end("e1");
    expect(rooms()).toBe(1);
    // Newer than what was left out: it is in Postgres too, and must not overtake.
    made.add(queued("e4", "e4", 4));
    expect(made.load([queued("e3", "e3", 3)])).toBe(false);
    end("e2");
    expect(made.load([queued("e4", "e4", 4)])).toBe(false);
    end("e3");
    expect(made.load([])).toBe(false);
    expect(made.hasLeftOut).toBe(false);
    made.add(queued("e5", "e5", 5));
    expect(ids()).toEqual(["e1", "e2", "e3", "e4", "e5"]);
  });

  it("let entities that are held take no room from others, however many they are", () => {
    const { made, ids, hold } = queues({ perPartitionMax: 3 });
    for (let n = 1; n <= 50; n += 1) {
      made.add(queued(`h${n}`, `h${n}`, n));
      hold(`h${n}`);
    }
    made.add(queued("e1", "e1", 51));
    expect([ids().at(-1), made.hasLeftOut]).toEqual(["e1", false]);
  });

  it("give operations behind a held one back to Postgres where others need their room, and read them when it has ended", () => {
    const { made, ids, drained, ready, hold } = queues({ perPartitionMax: 3 });
    for (const n of [1, 2, 3]) made.add(queued(`a${n}`, "a", n));
    hold("a1");
    for (const n of [4, 5, 6]) made.add(queued(`e${n}`, `e${n}`, n));
    expect(ids()).toEqual(["a1", "e4", "e5", "e6"]);
    expect(made.hasLeftOut).toBe(false);
    made.add(queued("a7", "a", 7));
    made.wake("t", "a1");
    made.finished(ready.at(-1) as Queued, { kind: "ended" });
    expect(drained).toEqual([1n]);
    made.loadEntity("a", [queued("a2", "a", 2), queued("a3", "a", 3)]);
    expect(ids().at(-1)).toBe("a2");
  });

  it("ask for what was left out when those that were taken in turn out to be held", () => {
    const { made, ids, rooms, hold } = queues({ perPartitionMax: 4 });
    expect(made.load([1, 2, 3, 4].map((n) => queued(`h${n}`, `h${n}`, n)))).toBe(false);
    hold("h1");
    expect(rooms()).toBe(0);
    hold("h2");
    hold("h3");
    // Once: a load is under way.
    expect(rooms()).toBe(1);
    expect(made.load([queued("e5", "e5", 5)])).toBe(true);
    expect(made.load([])).toBe(false);
    expect([ids().at(-1), made.hasLeftOut]).toEqual(["e5", false]);
  });

  it("have a bound for held ones too", () => {
    const { made, hold } = queues({ heldPerPartitionMax: 2 });
    for (const n of [1, 2, 3]) made.add(queued(`h${n}`, `h${n}`, n));
    hold("h1");
    hold("h2");
    made.add(queued("e4", "e4", 4));
    expect([made.size, made.hasLeftOut]).toEqual([3, true]);
  });

  describe("whose entity goes on while an operation is stuck", () => {
    const stuck = (id: string, entityKey: string, position: number): Queued => ({
      ...queued(id, entityKey, position),
      isParked: true,
    });

    it("let the next one run beside the parked one, which takes no turn by itself", () => {
      const { made, ids, park, end } = queues();
      for (const n of [1, 2]) made.add(queued(`a${n}`, "a", n));
      park("a1");
      expect(ids()).toEqual(["a1", "a2"]);
      end("a2");
      made.add(queued("a3", "a", 3));
      expect(ids()).toEqual(["a1", "a2", "a3"]);
      made.add(queued("a1", "a", 1));
      expect([made.size, ids().length]).toEqual([2, 3]);
    });

    it("give it a turn when something is asked of it, after the one that has begun and before those that haven't", () => {
      const { made, ids, park, hold, end } = queues();
      for (const n of [1, 2, 3]) made.add(queued(`a${n}`, "a", n));
      park("a1");
      made.wake("t", "a1");
      made.wake("t", "a1");
      expect(ids()).toEqual(["a1", "a2"]);
      hold("a2");
      made.wake("t", "a1");
      expect(ids()).toEqual(["a1", "a2"]);
      made.wake("t", "a2");
      end("a2");
      expect(ids()).toEqual(["a1", "a2", "a2", "a1"]);
      end("a1");
      expect(ids()).toEqual(["a1", "a2", "a2", "a1", "a3"]);
      end("a3");
      expect(made.size).toBe(0);
    });

    it("give it a turn at once where nothing else of its entity is here; it may be parked again", () => {
      const { made, ids, park, end } = queues();
      made.add(queued("a1", "a", 1));
      park("a1");
      made.wake("t", "a1");
      park("a1");
      made.wake("t", "a1");
      expect(ids()).toEqual(["a1", "a1", "a1"]);
      end("a1");
      expect(made.size).toBe(0);
    });

    it("load it as parked: what a former owner has begun after it goes on first", () => {
      const { made, ids, end } = queues();
      made.load([stuck("a1", "a", 1), queued("a2", "a", 2), queued("a3", "a", 3)]);
      made.load([]);
      expect(ids()).toEqual(["a2"]);
      made.wake("t", "a1");
      end("a2");
      expect(ids()).toEqual(["a2", "a1"]);
    });

    it("read the entity before it gets its turn, while the partition has left some out", () => {
      const { made, ids, drained, end } = queues({ perPartitionMax: 1 });
      made.load([stuck("a1", "a", 1), queued("b2", "b", 2)]);
      expect(made.hasLeftOut).toBe(true);
      made.wake("t", "a1");
      expect([ids(), drained]).toEqual([["b2"], [1n]]);
      made.loadEntity("a", [queued("a3", "a", 3)]);
      expect(ids()).toEqual(["b2", "a3"]);
      end("a3");
      expect(ids()).toEqual(["b2", "a3", "a1"]);
    });

    it("read on behind a page of nothing but parked ones", () => {
      const { made, ids, drained, end } = queues({ perEntityMax: 1 });
      made.add(queued("a1", "a", 1));
      made.add(queued("a4", "a", 4));
      end("a1");
      made.loadEntity("a", [stuck("a2", "a", 2), stuck("a3", "a", 3)]);
      expect(drained).toEqual([1n, 3n]);
      made.loadEntity("a", [queued("a4", "a", 4)]);
      expect(ids()).toEqual(["a1", "a4"]);
    });

    it("keep it when those behind its turn go back to Postgres, and read these again from the first of them", () => {
      const { made, ids, drained, park, hold, end } = queues({ perPartitionMax: 3 });
      for (const n of [1, 2, 3, 4]) made.add(queued(`a${n}`, "a", n));
      park("a1");
      made.wake("t", "a1");
      end("a2");
      expect(ids()).toEqual(["a1", "a2", "a1"]);
      hold("a1");
      for (const n of [5, 6, 7]) made.add(queued(`e${n}`, `e${n}`, n));
      made.wake("t", "a1");
      end("a1");
      expect(drained).toEqual([2n]);
    });
  });
});
