import { lagSchema } from "@postback/contracts";
import { expect, test } from "vitest";
import { groupLag } from "./group-lag.ts";

test("a group is behind with what its partitions are behind with, which come by number", () => {
  const lags = new Map([
    [2, { behind: 5, takenPerSecond: 1.006 }],
    [0, { behind: 0, takenPerSecond: 2 }],
  ]);
  const lag = groupLag({ group: "processor", topic: "commands" }, { at: new Date(0), lags });
  expect(lag).toMatchObject({ behind: 5, takenPerSecond: 3.01, at: "1970-01-01T00:00:00.000Z" });
  expect(lag.partitions).toEqual([
    { partition: 0, behind: 0, takenPerSecond: 2 },
    { partition: 2, behind: 5, takenPerSecond: 1.01 },
  ]);
  expect(lagSchema.safeParse({ data: [lag] }).success).toBe(true);
});
