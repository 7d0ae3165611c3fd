import { fork } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import tls from "node:tls";
import { Worker } from "node:worker_threads";
import type { AttemptOutcome } from "@postback/domain";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startDns } from "./dns-rig.ts";
import { HOSTILE_CASES } from "./hostile-cases-rig.ts";
import type { SendingOrder, SendingReport } from "./hostile-sender-rig.ts";
import { answer } from "./post-rig.ts";
import { selfSignedCertificate } from "./self-signed-certificate.ts";

/** All of them at once, so many times; each to an endpoint of its own, as a partner has. */
const ROUNDS = 3;
/** Of those who answer in part and then dawdle: long enough for that part on a busy machine. */
const DEADLINE_MS = 3000;
/** Of attempts that are cut off while there is no connection yet: below the bounds of its phases. */
const CUT_OFF_MS = 1200;
/** Longer than the phases before the request may take, so that these end by themselves. */
const LONG_DEADLINE_MS = 12_000;
/** Beyond a bound: ticks of timers. What the process itself could not come round to is measured, and comes on top. */
const LATE_MAX_MS = 500;
/**
 * What a process may grow by while it meets 1 GiB bodies, endless headers and bombs, {@link ROUNDS} of each at once.
 * Each is cut off at 16 KiB, so what grows is buffers of sockets and TLS, and the heap before a collection.
 */
const MEMORY_GROWTH_MAX_BYTES = 96 * 1024 * 1024;
/** More than the kernel's buffers take: part of it waits while the answer is already there. */
const BODY = JSON.stringify({ type: "order.placed", data: "x".repeat(250_000) });
const NAME = "hooks.example.com";

type Meeting = {
  readonly name: string;
  readonly url: string;
  readonly outcome: AttemptOutcome;
  readonly response?: string;
  readonly timeoutMs: number;
  readonly slotMinMs?: number;
  readonly slotMaxMs: number;
};

const opened = new AsyncDisposableStack();
const meetings: Meeting[] = [];
let report: SendingReport;

async function listening(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket.on("error", () => socket.destroy())));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  opened.defer(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, "close");
  });
  return (server.address() as AddressInfo).port;
}

/** Calls the script at the end of the request's head, and reads on unless the script pauses the socket. */
const atHead = (script: (socket: Socket) => void) =>
  createServer((socket) => {
    let head = "";
    const onData = (chunk: Buffer) => {
      head += chunk.toString("latin1");
      if (!head.includes("\r\n\r\n")) return;
      socket.off("data", onData).on("data", () => {});
      script(socket);
    };
    socket.on("data", onData);
  });

async function meetHttpCases(): Promise<void> {
  for (const { name, script, outcome, response, isSlow } of HOSTILE_CASES) {
    const url = `http://127.0.0.1:${await listening(atHead(script))}/hook`;
    const timeoutMs = isSlow ? DEADLINE_MS : LONG_DEADLINE_MS;
    const slot = { slotMaxMs: timeoutMs, ...(isSlow ? { slotMinMs: timeoutMs - 50 } : {}) };
    meetings.push({ name, url, outcome, timeoutMs, ...slot, ...(response === undefined ? {} : { response }) });
  }
}

const unreachable = (cause: "dns" | "connect" | "tls" | "timeout"): AttemptOutcome => ({ kind: "unreachable", cause });

/** What fails by a bound of its own before the attempt's deadline: two tries of DNS in at most 3 s, 5 s of TCP, 5 of TLS. */
async function meetPhases(): Promise<void> {
  const mute = await listening(createServer(() => {}));
  const full = await startFullListener();
  const closed = createServer();
  const closedPort = await listening(closed);
  closed.close();
  const own = (boundMs: number, triesMs = boundMs) => ({
    timeoutMs: LONG_DEADLINE_MS,
    slotMinMs: triesMs - 50,
    slotMaxMs: boundMs + 1000,
  });
  const quick = { timeoutMs: LONG_DEADLINE_MS, slotMaxMs: LONG_DEADLINE_MS };
  const cut = { timeoutMs: CUT_OFF_MS, slotMinMs: CUT_OFF_MS - 50, slotMaxMs: CUT_OFF_MS };
  meetings.push(
    {
      name: "DNS that never answers",
      url: "https://silent.example.com/",
      outcome: unreachable("dns"),
      ...own(3000, 2000),
    },
    { name: "DNS, cut off", url: "https://silent2.example.com/", outcome: unreachable("timeout"), ...cut },
    { name: "a name that isn't", url: "https://no-name.example.com/", outcome: unreachable("dns"), ...quick },
    { name: "SYNs into nothing", url: `http://127.0.0.1:${full}/`, outcome: unreachable("connect"), ...own(5000) },
    { name: "SYNs, cut off", url: `http://127.0.0.1:${full}/`, outcome: unreachable("timeout"), ...cut },
    { name: "nobody listens", url: `http://127.0.0.1:${closedPort}/`, outcome: unreachable("connect"), ...quick },
    { name: "a mute handshake", url: `https://${NAME}:${mute}/`, outcome: unreachable("tls"), ...own(5000) },
    { name: "a handshake, cut off", url: `https://${NAME}:${mute}/`, outcome: unreachable("timeout"), ...cut },
  );
}

/** A listener whose queue of connections is full and is never taken from: the kernel drops what else comes. */
async function startFullListener(): Promise<number> {
  const shared = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(
    `const { parentPort, workerData } = require("node:worker_threads");
     const server = require("node:net").createServer();
     server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
       parentPort.postMessage(server.address().port);
       setImmediate(() => { Atomics.wait(workerData, 0, 0); process.exit(); });
     });`,
    { eval: true, workerData: shared },
  );
  const [port] = (await once(worker, "message")) as [number];
  opened.defer(async () => {
    Atomics.store(shared, 0, 1);
    Atomics.notify(shared, 0);
    await worker.terminate();
  });
  for (let i = 0; i < 4; i++) {
    const filler = connect(port, "127.0.0.1").on("error", () => filler.destroy());
    opened.defer(() => void filler.destroy());
  }
  return port;
}

async function meetBadTls(): Promise<void> {
  const cases = [
    ["a certificate that nobody vouches for", selfSignedCertificate(NAME)],
    ["an expired certificate", selfSignedCertificate(NAME, { from: -7_200_000, until: -3_600_000 })],
    ["a certificate of another name", selfSignedCertificate("other.example.com")],
  ] as const;
  const timing = { timeoutMs: LONG_DEADLINE_MS, slotMaxMs: LONG_DEADLINE_MS };
  for (const [name, { key, cert }] of cases) {
    const port = await listening(tls.createServer({ key, cert }, (socket) => socket.end(answer("200 OK"))));
    meetings.push({ name, url: `https://${NAME}:${port}/`, outcome: unreachable("tls"), ...timing });
  }
  const plain = await listening(createServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")));
  meetings.push({ name: "no TLS at all", url: `https://${NAME}:${plain}/`, outcome: unreachable("tls"), ...timing });
}

async function meetAll(dnsServer: string): Promise<SendingReport> {
  const calm = await listening(atHead((socket) => void socket.end(answer("200 OK", "", "connection: close"))));
  const targets = Array.from({ length: ROUNDS }, (_, round) =>
    meetings.map(({ url, timeoutMs }, i) => ({ id: `${i}/${round}`, url, timeoutMs })),
  ).flat();
  const order: SendingOrder = { dnsServer, warmUpUrl: `http://127.0.0.1:${calm}/`, targets, body: BODY };
  const child = fork(new URL("./hostile-sender-rig.ts", import.meta.url), { execArgv: ["--expose-gc"] });
  opened.defer(() => void child.kill());
  child.send(order);
  const [sent] = (await once(child, "message")) as [SendingReport];
  return sent;
}

beforeAll(async () => {
  const dns = await startDns((name, family) => {
    if (name.startsWith("silent")) return "silence";
    if (name !== NAME) return undefined;
    return { addresses: family === 4 ? ["127.0.0.1"] : [] };
  });
  opened.use(dns);
  await meetHttpCases();
  await meetPhases();
  await meetBadTls();
  report = await meetAll(dns.server);
}, 60_000);
afterAll(() => opened.disposeAsync());

describe("a process that meets every hostile receiver at once", () => {
  it("gives each attempt exactly its outcome, within its time", () => {
    const wrong = report.results.flatMap((result, i) => {
      const meeting = meetings[i % meetings.length];
      const problems = meeting ? problemsOf(meeting, result) : ["unknown"];
      return problems.length > 0 ? [{ name: meeting?.name, problems, result }] : [];
    });
    expect(wrong).toEqual([]);
    expect(report.results).toHaveLength(meetings.length * ROUNDS);
    expect(meetings.length).toBeGreaterThanOrEqual(45);
  });

  it("grows by a bounded amount while all are out, and has no connection left", () => {
    const { beforeBytes, peakBytes } = report.memory;
    expect(peakBytes - beforeBytes).toBeLessThan(MEMORY_GROWTH_MAX_BYTES);
    expect(report.stillOpen).toEqual([]);
  });
});

const lateMaxMs = () => LATE_MAX_MS + 2 * report.loopDelayMaxMs;

function problemsOf(expected: Meeting, { outcome, durationMs, response }: SendingReport["results"][number]): string[] {
  const said = (what: string, isRight: boolean) => (isRight ? [] : [what]);
  return [
    ...said("outcome", JSON.stringify(outcome) === JSON.stringify(expected.outcome)),
    ...said("response", expected.response === undefined || response === expected.response),
    ...said("slot held too long", durationMs <= expected.slotMaxMs + lateMaxMs()),
    ...said("ended too early", durationMs >= (expected.slotMinMs ?? 0)),
  ];
}
