/** The clients of the bench that hold streams of Server-Sent Events open. */
import { nowUs } from "../measure/clock.ts";
import { Histogram } from "../measure/histogram.ts";
import { readMark } from "../measure/mark.ts";
import { connectToParent } from "../parent.ts";
import { type OpenedStream, openStream } from "./open-stream.ts";
import type { WatchersOrder, WatchersReport } from "./protocol.ts";

/** Opened at once: each is a request that ingest works on. */
const openingAtOnce = 64;

const parent = connectToParent<WatchersOrder, WatchersReport>();
let target: { readonly url: string; readonly apiKey: string } | undefined;
let idle: OpenedStream[] = [];
let followed: { readonly stream: OpenedStream; readonly latency: Histogram } | undefined;

const open = async (path: string, onBlock: (block: string) => void): Promise<OpenedStream> => {
  if (target === undefined) throw new Error("There are streams but no target");
  return await openStream(target, path, onBlock);
};

/** Each watches an entity of its own, as pages of a shop do that show one order each. */
async function openIdle(count: number): Promise<void> {
  let next = 0;
  const openNext = async (): Promise<void> => {
    while (next < count) idle.push(await open(`/v1/events?entity=order:idle-${next++}`, () => undefined));
  };
  await Promise.all(Array.from({ length: openingAtOnce }, openNext));
}

function closeIdle(): void {
  for (const stream of idle) stream.close();
  idle = [];
}

async function follow(type: string): Promise<void> {
  const latency = new Histogram();
  const stream = await open(`/v1/events?types=${type}`, (block) => {
    const mark = readMark(Buffer.from(block));
    if (mark !== undefined) latency.record(nowUs() - mark.sentAtUs);
  });
  followed = { stream, latency };
  parent.tell({ kind: "following" });
}

function unfollow(): void {
  if (followed === undefined) throw new Error("No stream is followed");
  followed.stream.close();
  parent.tell({ kind: "followed", latency: followed.latency.summary() });
}

async function take(order: WatchersOrder): Promise<void> {
  if (order.kind === "target") target = order;
  else if (order.kind === "follow") await follow(order.type);
  else if (order.kind === "unfollow") unfollow();
  else {
    if (order.kind === "open-idle") await openIdle(order.count);
    if (order.kind === "close-idle") closeIdle();
    parent.tell({ kind: "idle", open: idle.filter(({ isOpen }) => isOpen).length });
  }
}

parent.onOrder((order) => void take(order));
parent.tell({ kind: "ready" });
