import { expect, test } from "vitest";
import { checkTopics } from "./check-topics.ts";

const good = {
  name: "events",
  partitions: 48,
  replicationFactor: 3,
  minInsyncReplicas: 2,
  uncleanLeaderElection: false,
  leaderless: [],
};
const wanted = { name: "events", partitions: 48, replicationFactorMin: 3, minInsyncReplicasMin: 2 };

test("topics as they must be have no problems", () => {
  expect(checkTopics([good], [wanted])).toEqual([]);
});

test("a topic that isn't there is a problem", () => {
  expect(checkTopics([], [wanted])).toEqual(["topic events does not exist"]);
});

test.each([
  ["another number of partitions", { partitions: 12 }, "has 12 partitions, this configuration says 48"],
  ["more partitions than configured", { partitions: 96 }, "has 96 partitions"],
  ["too few replicas", { replicationFactor: 2 }, "has 2 replicas, 3 are needed"],
  ["too few in-sync replicas", { minInsyncReplicas: 1 }, "min.insync.replicas=1, 2 is needed"],
  ["more in-sync replicas than there are", { minInsyncReplicas: 4 }, "nothing can be written"],
  ["unclean election", { uncleanLeaderElection: true }, "unclean leader election"],
  ["no leader", { leaderless: [3, 7] }, "no leader for partitions 3, 7"],
])("%s is said in words", (_, change, words) => {
  expect(checkTopics([{ ...good, ...change }], [wanted])).toEqual([expect.stringContaining(words)]);
});
