/** The clients of the bench. */
import { setTimeout as sleep } from "node:timers/promises";
import { connectToParent } from "../parent.ts";
import type { GeneratorOrder, GeneratorReport, RunOrder } from "../protocol.ts";
import { ClosedLoop } from "./closed-loop.ts";
import { runOpenLoop } from "./open-loop.ts";
import { openPostJson } from "./post-json.ts";
import { RunSender } from "./run-sender.ts";

const progressEveryMs = 200;
const pollMs = 5;

const parent = connectToParent<GeneratorOrder, GeneratorReport>();
let target: { readonly url: string; readonly apiKey: string } | undefined;
let current: { readonly run: number; readonly loop: ClosedLoop } | undefined;

async function run(order: RunOrder): Promise<void> {
  if (target === undefined) throw new Error("There is a run but no target");
  await using connections = openPostJson(target.url, target.apiKey, order.connections);
  const sender = new RunSender(order, connections.post);
  const progress = setInterval(() => {
    parent.tell({ kind: "progress", run: order.run, accepted: sender.accepted });
  }, progressEveryMs);
  await load(order, sender);
  // Each is answered or times out, so this ends.
  while (sender.inFlight > 0) await sleep(pollMs);
  clearInterval(progress);
  parent.tell({ kind: "ran", result: sender.result() });
}

async function load(order: RunOrder, sender: RunSender): Promise<void> {
  if (order.load.kind === "rate") return await runOpenLoop(order, order.load.perSecond, sender);
  const loop = new ClosedLoop(order, order.load.outstandingMax, sender);
  current = { run: order.run, loop };
  await loop.run();
}

parent.onOrder((order) => {
  if (order.kind === "target") target = order;
  else if (order.kind === "run") void run(order.order);
  else if (current?.run === order.run) current.loop.noteDelivered(order.count);
});
parent.tell({ kind: "ready" });
