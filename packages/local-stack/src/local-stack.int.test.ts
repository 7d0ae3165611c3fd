import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createTestDatabase,
  eventually,
  failureLogs,
  type TestDatabase,
  testBrokers,
  testTopicPrefix,
} from "@postback/testkit";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Stack, type StackOptions, startStack } from "./index.ts";

failureLogs();

interface Received {
  headers: Record<string, string>;
  body: string;
}

/** A partner: keeps what it gets and answers 204. */
async function startReceiver() {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    received.push({ headers: request.headers as Record<string, string>, body: Buffer.concat(chunks).toString("utf8") });
    response.writeHead(204).end();
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const close = () => void server.close();
  return { url: `http://127.0.0.1:${port}/hooks`, received, [Symbol.dispose]: close };
}

function isAlive(pid: number): boolean {
  try {
    // A process that has ended but that nobody has waited for is no longer at work.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

describe("a stack on brokers that run already", () => {
  const opened = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), "postback-stack-"));
  opened.defer(() => rmSync(folder, { recursive: true }));
  const topicPrefix = testTopicPrefix();
  let database: TestDatabase;
  let receiver: Awaited<ReturnType<typeof startReceiver>>;
  let stack: Stack;

  const options = (): StackOptions => ({
    folder,
    profile: "test",
    brokers: { kafka: testBrokers() },
    databaseUrl: database.url,
    topicPrefix,
    partitions: 3,
  });
  const post = async (path: string, body: object) => {
    const headers = { authorization: `Bearer ${stack.apiKey}`, "content-type": "application/json" };
    const answer = await fetch(`${stack.url}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
    return { status: answer.status, body: (await answer.json()) as { id: string; secret: string } };
  };

  beforeAll(async () => {
    database = opened.use(await createTestDatabase());
    receiver = opened.use(await startReceiver());
    stack = opened.use(await startStack(options()));
  });
  afterAll(() => opened.disposeAsync());

  test("brings an event to a registered endpoint, signed as Standard Webhooks has it", async () => {
    const endpoint = await post("/v1/endpoints", { url: receiver.url, events: ["stock.*"] });
    expect(endpoint.status).toBe(201);
    const event = await post("/v1/events", { type: "stock.low", data: { sku: "sku-1" } });
    expect(event.status).toBe(202);
    const { headers, body } = await eventually(() => {
      expect(receiver.received).toHaveLength(1);
      return receiver.received[0] as Received;
    });
    expect(headers["webhook-id"]).toBe(event.body.id);
    const verified = new Webhook(endpoint.body.secret).verify(body, headers);
    expect(verified).toMatchObject({ type: "stock.low", data: { sku: "sku-1" } });
  });

  test("keeps its key and keyring for its owner's eyes alone", () => {
    for (const name of ["api-key", "keyring"]) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
  });

  test("runs an app again after a kill, on the same port", async () => {
    const ingest = stack.apps.find(({ name }) => name === "ingest");
    if (ingest === undefined) throw new Error("there is no ingest");
    const killed = ingest.pid;
    ingest.kill("SIGKILL");
    expect(await ingest.waitForExit()).toBe("ended with SIGKILL");
    expect(stack.processes().map(({ name }) => name)).not.toContain("ingest");
    ingest.start();
    await ingest.ready();
    expect(ingest.pid).not.toBe(killed);
    expect(await (await fetch(`${stack.url}/livez`)).json()).toEqual({ status: "live" });
  });

  test("ends every process at the stop, and knows its API key at the next start", async () => {
    const { apiKey } = stack;
    const pids = stack.processes().map(({ pid }) => pid);
    expect(pids.filter(isAlive)).toEqual(pids);
    await stack.stop();
    expect(pids.filter(isAlive)).toEqual([]);
    stack = opened.use(await startStack(options()));
    expect(stack.apiKey).toBe(apiKey);
    expect((await post("/v1/events", { type: "stock.low", data: {} })).status).toBe(202);
  });
});

describe("a stack that can't start", () => {
  const folder = mkdtempSync(join(tmpdir(), "postback-stack-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const options = (database: TestDatabase): StackOptions => ({
    folder,
    profile: "test",
    brokers: { kafka: testBrokers() },
    databaseUrl: database.url,
    topicPrefix: testTopicPrefix(),
    partitions: 1,
  });

  test.runIf(process.platform === "linux")("leaves nothing running, and shows why", async () => {
    await using database = await createTestDatabase();
    const mark = randomUUID();
    // Ingest alone reads the first, nobody the second.
    const env = { CONCURRENCY_MAX: "many", STACK_MARK: mark };
    const starting = startStack({ ...options(database), env });
    await expect(starting).rejects.toMatchObject({
      name: "AppStartFailure",
      message: expect.stringMatching(/ingest ended with code 1 while starting[\s\S]*CONCURRENCY_MAX[\s\S]*ingest\.log/),
    });
    // The guard of each process ends right after it.
    await eventually(() => expect(processesWith(`STACK_MARK=${mark}`)).toEqual([]));
  });

  test("says that its port is taken, and what to do, before it starts anything", async () => {
    await using database = await createTestDatabase();
    using receiver = await startReceiver();
    const port = Number(new URL(receiver.url).port);
    const progress: string[] = [];
    const starting = startStack({ ...options(database), port, onProgress: (text) => progress.push(text) });
    await expect(starting).rejects.toMatchObject({ port, remedy: expect.stringContaining(`PORT=${port + 1}`) });
    expect(progress).toEqual([]);
  });
});

/** The processes that were given a variable, `NAME=value`, as Linux tells. */
function processesWith(variable: string): string[] {
  return readdirSync("/proc").filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/environ`, "utf8").split("\0").includes(variable);
    } catch {
      // It has just ended, or is another user's.
      return false;
    }
  });
}
