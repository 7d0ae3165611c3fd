import { expect, test } from "vitest";
import { nowUs } from "../measure/clock.ts";
import type { RunOrder } from "../protocol.ts";
import { ClosedLoop } from "./closed-loop.ts";
import type { Answer, OnAnswer } from "./post-json.ts";
import { RunSender } from "./run-sender.ts";

const load = { kind: "saturation", outstandingMax: 3 } as const;
const orderOf = (scenario: RunOrder["scenario"], seconds: number): RunOrder => ({
  run: 1,
  scenario,
  load,
  connections: 2,
  startAtUs: nowUs(),
  seconds,
});

/** Requests that are answered by hand. */
function handAnswered() {
  const unanswered: OnAnswer[] = [];
  const post = (_path: string, _body: string, onAnswer: OnAnswer) => void unanswered.push(onAnswer);
  const answerAll = (answer: Answer, accepted = 0) => {
    for (const each of unanswered.splice(0)) each(answer, accepted);
  };
  return { post, unanswered, answerAll };
}

test("sends no more while too many deliveries are owed, and goes on when they have arrived", async () => {
  const { post, unanswered, answerAll } = handAnswered();
  const order = orderOf("events", 0.2);
  const loop = new ClosedLoop(order, load.outstandingMax, new RunSender(order, post));
  const over = loop.run();
  await expect.poll(() => unanswered.length).toBe(2);
  answerAll(202);
  expect(unanswered).toHaveLength(1);
  answerAll(202);
  expect(unanswered).toHaveLength(0);
  loop.noteDelivered(1);
  expect(unanswered).toHaveLength(1);
  loop.noteDelivered(3);
  expect(unanswered).toHaveLength(2);
  await over;
});

test("what was refused is owed to nobody", async () => {
  const { post, unanswered, answerAll } = handAnswered();
  const order = orderOf("events", 0.1);
  const sender = new RunSender(order, post);
  const over = new ClosedLoop(order, load.outstandingMax, sender).run();
  await expect.poll(() => unanswered.length).toBe(2);
  for (let turn = 0; turn < 5; turn += 1) answerAll(503);
  expect(unanswered).toHaveLength(2);
  expect(sender.result()).toMatchObject({ sent: 12, refused: { 503: 10 } });
  await over;
});

test("sends nothing after its time", async () => {
  const { post, unanswered, answerAll } = handAnswered();
  const order = orderOf("events", 0.05);
  await new ClosedLoop(order, load.outstandingMax, new RunSender(order, post)).run();
  answerAll(202);
  expect(unanswered).toHaveLength(0);
});

test("a batch counts as accepted when each of its writes was", async () => {
  const { post, unanswered, answerAll } = handAnswered();
  const order = orderOf("accept-batch", 0.1);
  const sender = new RunSender(order, post);
  const over = new ClosedLoop(order, load.outstandingMax, sender).run();
  await expect.poll(() => unanswered.length).toBe(2);
  answerAll(200, 100);
  answerAll(200, 99);
  answerAll(503);
  expect(sender.accepted).toBe(2);
  expect(sender.result().refused).toEqual({ "200 with 99 accepted": 2, "503 with 0 accepted": 2 });
  await over;
});
