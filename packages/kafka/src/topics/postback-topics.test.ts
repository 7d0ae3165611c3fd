import { expect, test } from "vitest";
import { postbackTopics } from "./postback-topics.ts";

const production = { partitions: 48, replicationFactor: 3, minInsyncReplicas: 2 };

test("an installation has commands, events and dead letters, under its prefix", () => {
  expect(postbackTopics("shop.", production).map(({ name }) => name)).toEqual([
    "shop.commands",
    "shop.events",
    "shop.dead-letters",
  ]);
});

test("each queue of steps has a topic of its own", () => {
  const names = postbackTopics("", { ...production, queues: ["payments", "mail"] }).map(({ name }) => name);
  expect(names).toEqual(["commands", "commands.payments", "commands.mail", "events", "dead-letters"]);
});

test("acknowledged messages survive the loss of a broker, for 7 days, dead letters for 30", () => {
  const day = 86_400_000;
  const [commands, , deadLetters] = postbackTopics("", production);
  expect(commands).toEqual({
    name: "commands",
    partitions: 48,
    replicationFactor: 3,
    configs: {
      "retention.ms": String(7 * day),
      "max.message.bytes": "327680",
      "min.insync.replicas": "2",
      "unclean.leader.election.enable": "false",
    },
  });
  expect(deadLetters?.configs?.["retention.ms"]).toBe(String(30 * day));
});
