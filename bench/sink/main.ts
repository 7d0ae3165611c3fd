/** The partner of the bench: takes every webhook as cheaply as it can and counts it. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Webhook } from "standardwebhooks";
import { nowUs } from "../measure/clock.ts";
import { readMark } from "../measure/mark.ts";
import { connectToParent } from "../parent.ts";
import type { FirstEndpoint, RunOrder, SinkOrder, SinkReport } from "../protocol.ts";
import { RunTally } from "./run-tally.ts";

/** Of every so many webhooks one is verified. */
const verifyEvery = 100;
/** The generator waits for what it learns from this, so it must be short against the time that a delivery takes. */
const progressEveryMs = 10;

const parent = connectToParent<SinkOrder, SinkReport>();
let verifiers: Webhook[] = [];
let tally: RunTally | undefined;
/** Of the run: what the first endpoint does. */
let firstEndpoint: FirstEndpoint | undefined;
/** Those of the first endpoint that got no answer; cut off when the next run begins. */
const unanswered = new Set<ServerResponse>();
let arrivals = 0;
let told = 0;

function take(request: IncomingMessage, body: Buffer): void {
  const endpoint = Number(request.url?.slice(1));
  const webhookId = String(request.headers["webhook-id"]);
  tally?.take(endpoint, webhookId, readMark(body), nowUs());
  if (arrivals++ % verifyEvery === 0) verify(endpoint, request, body);
}

function verify(endpoint: number, { headers }: IncomingMessage, body: Buffer): void {
  try {
    verifiers[endpoint]?.verify(body, headers as Record<string, string>);
    tally?.noteVerified();
  } catch (error) {
    tally?.noteWrong(`${String(headers["webhook-id"])}: ${String(error)}`);
  }
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const [first = Buffer.alloc(0)] = chunks;
    take(request, chunks.length > 1 ? Buffer.concat(chunks) : first);
    if (firstEndpoint === "hangs" && request.url === "/0") return hang(response);
    response.sendDate = false;
    response.writeHead(204).end();
  });
}

function hang(response: ServerResponse): void {
  unanswered.add(response);
  response.on("close", () => unanswered.delete(response));
}

function begin(order: RunOrder): void {
  for (const response of unanswered) response.destroy();
  firstEndpoint = order.first;
  tally = new RunTally(order, verifiers.length);
  told = 0;
}

parent.onOrder((order) => {
  if (order.kind === "endpoints") {
    verifiers = order.secrets.map((secret) => new Webhook(secret));
  } else if (order.kind === "run") {
    begin(order.order);
  } else if (tally !== undefined) {
    parent.tell({ kind: "result", result: tally.result() });
  }
});

setInterval(() => {
  if (tally === undefined || tally.delivered === told) return;
  told = tally.delivered;
  parent.tell({ kind: "progress", run: tally.run, delivered: told });
}, progressEveryMs);

// Whoever keeps a connection open may: closing it in the middle of a pause would count as a failure of the sink.
const server = createServer({ keepAliveTimeout: 0 }, answer);
server.listen(0, "127.0.0.1", () => {
  parent.tell({ kind: "listening", port: (server.address() as AddressInfo).port });
});
