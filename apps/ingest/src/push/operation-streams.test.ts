import type { OperationEventRow, OperationMark, OperationRow } from "@postback/database";
import { newId } from "@postback/domain";
import { createLogger } from "@postback/runtime";
import { expect, test } from "vitest";
import { CursorSeal } from "./cursor.ts";
import type { EventSink } from "./event-sink.ts";
import type { Listener } from "./live-events.ts";
import type { LogEvent } from "./log-event.ts";
import { OperationStreams } from "./operation-streams.ts";

const logger = createLogger({ app: "test", level: "silent", format: "json" });

/** An operation in a store and a log that a test moves on by hand. */
function anOperation() {
  const row = { tenantId: newId(), id: newId(), partition: 1, completedAt: null } as OperationRow;
  const events: OperationEventRow[] = [];
  let listener: Listener | undefined;
  let ended = false;
  const streams = new OperationStreams({
    live: {
      watch: async () => () => {},
      listen: (given) => {
        listener = given;
        return () => {
          listener = undefined;
        };
      },
    },
    seal: new CursorSeal([Buffer.alloc(32, 1)]),
    store: {
      loadOperation: async () => ({ ...row, completedAt: ended ? new Date(0) : null }),
      listOperationEvents: async () => [...events],
      loadOperationMarks: async () => [{ ended } as OperationMark],
    },
    logger,
    lookEveryMs: 5,
  });
  const body = (number: number) => JSON.stringify({ type: "a.b", timestamp: "", data: number });
  const inLog = (number: number, type = "a.b"): LogEvent => ({
    partition: 1,
    offset: number,
    number: BigInt(number),
    body: Buffer.from(body(number)),
    header: { v: 1, id: newId(), type, tenant: row.tenantId, operation: { id: row.id, type: "x" }, acceptedAt: 0 },
  });
  return {
    row,
    streams,
    end: () => {
      ended = true;
    },
    tellRow: (number: number) =>
      void events.push({ id: newId(), type: "a.b", audience: null, number: String(number), body: body(number) }),
    tellLog: (number: number, type?: string) => listener?.onEvent(inLog(number, type)),
    gap: () => listener?.onGap(1),
    listening: () => listener !== undefined,
  };
}

class ListSink implements EventSink {
  readonly told: unknown[] = [];
  readonly closing = new AbortController();
  readonly closed = this.closing.signal;
  event = (json: string): void => void this.told.push(JSON.parse(json).data);
  resync = (): void => void this.told.push("resync");
  heartbeat = (): void => {};
  end = (): void => void this.told.push("end");
  drained = async (): Promise<void> => {};
}

test("what comes while Postgres is read is told after what it had, and nothing twice", async () => {
  const operation = anOperation();
  for (const number of [1, 2]) operation.tellRow(number);
  const opening = operation.streams.open(operation.row, 0n);
  await Promise.resolve();
  for (const number of [2, 3]) operation.tellLog(number);
  const sink = new ListSink();
  const running = (await opening).run(sink);
  operation.tellLog(4, "operation.succeeded");
  await running;
  expect(sink.told).toEqual([1, 2, 3, 4, "end"]);
  expect(operation.listening()).toBe(false);
});

test("an operation that ends without telling so ends its stream at the next look", async () => {
  const operation = anOperation();
  const stop = new AbortController();
  const looking = operation.streams.part.run(stop.signal);
  const sink = new ListSink();
  const running = (await operation.streams.open(operation.row, 0n)).run(sink);
  operation.tellRow(1);
  operation.end();
  await running;
  expect(sink.told).toEqual([1, "end"]);
  stop.abort();
  await looking;
});

test("where the log lost events, Postgres has them", async () => {
  const operation = anOperation();
  const sink = new ListSink();
  const running = (await operation.streams.open(operation.row, 0n)).run(sink);
  operation.tellRow(1);
  operation.tellRow(2);
  operation.gap();
  operation.tellLog(3);
  await expect.poll(() => sink.told).toEqual([1, 2, 3]);
  sink.closing.abort();
  await running;
});

test("a stream whose client has all of an operation that has ended is over before it begins", async () => {
  const operation = anOperation();
  operation.tellRow(1);
  operation.end();
  expect((await operation.streams.open(operation.row, 1n)).isOver).toBe(true);
  expect((await operation.streams.open(operation.row, 0n)).isOver).toBe(false);
});
