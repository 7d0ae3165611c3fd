import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createClient } from "@postback/client";
import { parseSecret, signWebhook } from "@postback/domain";
import { type Stack, startStack } from "@postback/local-stack";
import { createTestDatabase, eventually, failureLogs, testBrokers, testTopicPrefix } from "@postback/testkit";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { receiveTickets, type TicketBooked } from "./receive-webhooks.ts";
import { follow, submit } from "./submit-and-follow.ts";
import { type Printer, startPrinter } from "./tickets/printer.ts";
import { bookAndFollow } from "./typed-client.ts";

failureLogs();

const opened = new AsyncDisposableStack();
const handled: TicketBooked[] = [];
let stack: Stack;
let printer: Printer;
let receiverUrl: string;
let secret: string;
let seen: pg.Pool;
/** What the receiver's own code throws next. */
let trouble: Error | undefined;
const reported: unknown[] = [];

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), "postback-guides-"));
  opened.defer(() => rmSync(folder, { recursive: true }));
  const database = opened.use(await createTestDatabase());
  printer = opened.use(await startPrinter(0));
  stack = opened.use(
    await startStack({
      folder,
      profile: "test",
      brokers: { kafka: testBrokers() },
      databaseUrl: database.url,
      topicPrefix: testTopicPrefix(),
      partitions: 3,
      catalog: "./docs/examples/tickets/catalog.ts",
      env: { TICKETS_PRINTER_URL: printer.url },
    }),
  );
  seen = new pg.Pool({ connectionString: database.url, max: 4 });
  opened.defer(() => seen.end());
  await seen.query("CREATE TABLE seats_seen (seat text NOT NULL)");
  await startReceiver(seen);
});
afterAll(() => opened.disposeAsync());

/** Registers an endpoint, and receives at it with the code of the guide. */
async function startReceiver(pool: pg.Pool): Promise<void> {
  await pool.query(readFileSync(fileURLToPath(new URL("./receive-once.sql", import.meta.url)), "utf8"));
  let receive: ReturnType<typeof receiveTickets> | undefined;
  const server = createServer((request, response) => void receive?.(request, response));
  await once(server.listen(0, "127.0.0.1"), "listening");
  opened.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  receiverUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`;
  secret = await registerEndpoint({ url: receiverUrl, events: ["ticket.*"], retrySchedule: [1, 1] });
  receive = receiveTickets({
    secret,
    pool,
    handleBooking: async (event, tx) => {
      await tx.query("INSERT INTO seats_seen (seat) VALUES ($1)", [event.data.seat]);
      const thrown = trouble;
      trouble = undefined;
      if (thrown !== undefined) throw thrown;
      handled.push(event);
    },
    report: (error) => reported.push(error),
  });
}

async function registerEndpoint(settings: object): Promise<string> {
  const headers = { authorization: `Bearer ${stack.apiKey}`, "content-type": "application/json" };
  const answer = await fetch(`${stack.url}/v1/endpoints`, { method: "POST", headers, body: JSON.stringify(settings) });
  return ((await answer.json()) as { secret: string }).secret;
}

const api = () => ({ url: stack.url, key: stack.apiKey });
const book = (show: string, seat: string, key: string = randomUUID()) =>
  submit(api(), { type: "ticket.book", input: { show, seat, guest: "Ophelia" } }, key);
const ending = (id: string) => follow(api(), id, AbortSignal.timeout(20_000));
const ask = async (method: "GET" | "POST", path: string): Promise<{ status: number; body: unknown }> => {
  const answer = await fetch(stack.url + path, { method, headers: { authorization: `Bearer ${stack.apiKey}` } });
  return { status: answer.status, body: await answer.json() };
};
const toldOf = (seat: string) => handled.filter(({ data }) => data.seat === seat);
const seenOf = async (seat: string) => (await seen.query("SELECT FROM seats_seen WHERE seat = $1", [seat])).rowCount;

test("books a ticket, and tells it once by a webhook that the receiver verifies", async () => {
  const operation = await ending((await book("hamlet", "a-1")).id);
  expect(operation).toMatchObject({ status: "succeeded", result: { ticketId: expect.stringMatching(/^ticket-/) } });
  await eventually(() => expect(toldOf("a-1")).toHaveLength(1));
  expect(toldOf("a-1")[0]).toMatchObject({
    type: "ticket.booked",
    entity: { type: "seat", id: "hamlet/a-1" },
    operation: { id: operation.id, type: "ticket.book" },
    data: operation.result,
  });
});

test("follows a booking with the typed client, and takes a refused input as an outcome", async () => {
  const postback = createClient({ url: stack.url, apiKey: stack.apiKey });
  const told: string[] = [];
  const booking = { show: "hamlet", seat: "c-1", guest: "Ophelia" };
  const operation = await bookAndFollow(postback, booking, (event) => told.push(event));
  expect(operation).toMatchObject({ status: "succeeded", entity: { type: "seat", id: "hamlet/c-1" } });
  expect(told).toEqual(["ticket.booked", "operation.succeeded"]);
  expect(await bookAndFollow(postback, { ...booking, seat: "" }, () => {})).toBeUndefined();
});

test("answers a repeated submit with the same operation, which calls the printer under its one key", async () => {
  const key = randomUUID();
  const [first, again] = [await book("hamlet", "a-2", key), await book("hamlet", "a-2", key)];
  expect(again.id).toBe(first.id);
  expect((await ending(first.id)).status).toBe("succeeded");
  expect([...printer.tickets.keys()]).toContain(`${first.id}:print-ticket`);
});

test("throws the problem of a write that is refused, without trying again", async () => {
  const write = { type: "ticket.book", input: { show: "hamlet", seat: "", guest: "Ophelia" } };
  await expect(submit(api(), write, randomUUID())).rejects.toThrow(/^422 .*invalid-input: \/input\/seat/);
});

test("refuses a seat that is taken, with the step's own code", async () => {
  await ending((await book("hamlet", "a-3")).id);
  const operation = await ending((await book("hamlet", "a-3")).id);
  expect(operation).toMatchObject({ status: "failed", error: { code: "seat-taken", rolledBack: true } });
});

test("gives the seat back when the printer refuses", async () => {
  const refused = await ending((await book("macbeth", "a-4")).id);
  expect(refused).toMatchObject({ status: "failed", error: { code: "show-cancelled", rolledBack: true } });
  // Were the seat still held, this one would be refused as taken and not by the printer.
  const again = await ending((await book("macbeth", "a-4")).id);
  expect(again.error?.code).toBe("show-cancelled");
});

test("lists what an operation has told, in order, with what webhooks carry", async () => {
  const { id } = await ending((await book("hamlet", "a-7")).id);
  const { status, body } = await ask("GET", `/v1/operations/${id}/events`);
  const { data } = body as { data: readonly TicketBooked[] };
  expect([status, ...data.map(({ type }) => type)]).toEqual([200, "ticket.booked", "operation.succeeded"]);
  await eventually(() => expect(toldOf("a-7")).toHaveLength(1));
  expect(data[0]).toMatchObject({ ...toldOf("a-7")[0] });
});

test("refuses what is asked of an operation that has ended", async () => {
  const { id } = await ending((await book("hamlet", "a-8")).id);
  const refusals = await Promise.all(
    ["cancel", "retry", "skip"].map((what) => ask("POST", `/v1/operations/${id}/${what}`)),
  );
  expect(refusals.map(({ status, body }) => [status, (body as { type: string }).type.split("/").at(-1)])).toEqual([
    [409, "operation-ended"],
    [409, "operation-not-stuck"],
    [409, "operation-not-stuck"],
  ]);
});

test("receives again what it could not handle", async () => {
  const thrown = new Error("the receiver's own trouble");
  trouble = thrown;
  await ending((await book("hamlet", "a-5")).id);
  await eventually(() => expect(toldOf("a-5")).toHaveLength(1), { timeoutMs: 10_000 });
  expect(reported).toEqual([thrown]);
  // What was done before it threw was rolled back.
  expect(await seenOf("a-5")).toBe(1);
});

test("does a webhook once that comes again and again, also at the same time", async () => {
  const [id, timestampSeconds] = [randomUUID(), Math.floor(Date.now() / 1000)];
  const data = { ticketId: "ticket-1", show: "hamlet", seat: "a-9" };
  const body = JSON.stringify({ type: "ticket.booked", timestamp: new Date().toISOString(), data });
  const key = parseSecret(secret);
  if (key === undefined) throw new Error("the endpoint's secret can't be read");
  const signature = signWebhook({ id, timestampSeconds, body, secrets: [key] });
  const headers = { "webhook-id": id, "webhook-timestamp": String(timestampSeconds), "webhook-signature": signature };
  const send = async () => (await fetch(receiverUrl, { method: "POST", headers, body })).status;
  expect([...(await Promise.all([send(), send(), send()])), await send()]).toEqual([204, 204, 204, 204]);
  expect(toldOf("a-9")).toHaveLength(1);
  expect(await seenOf("a-9")).toBe(1);
});

test("refuses a webhook that somebody else made", async () => {
  const headers = { "webhook-id": randomUUID(), "webhook-timestamp": `${Math.floor(Date.now() / 1000)}` };
  const forged = { ...headers, "webhook-signature": "v1,Zm9yZ2Vk" };
  const body = JSON.stringify({ type: "ticket.booked", data: { seat: "a-6" } });
  const answer = await fetch(receiverUrl, { method: "POST", headers: forged, body });
  expect(answer.status).toBe(401);
  expect(toldOf("a-6")).toHaveLength(0);
});
