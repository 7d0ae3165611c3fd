import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ClientGone, readBody } from "./read-body.ts";

const maxBytes = 1000;
let server: Server;
const outcomes: Promise<string>[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    const outcome = readBody(request, maxBytes).then(
      (body) => `read ${body.length}`,
      (error: Error) => (error instanceof ClientGone ? "gone" : `refused ${(error as Error & { code: string }).code}`),
    );
    outcomes.push(outcome);
    void outcome.then((said) => response.setHeader("connection", "close").end(said));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterAll(async () => {
  server.close();
  await once(server, "close");
});

async function open(head: string): Promise<Socket> {
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  await once(socket, "connect");
  socket.write(`POST / HTTP/1.1\r\nhost: x\r\n${head}\r\n\r\n`);
  return socket;
}

/** What the server answered, read to the end of the connection. */
async function exchange(head: string, ...chunks: string[]): Promise<string> {
  const socket = await open(head);
  for (const chunk of chunks) socket.write(chunk);
  return (await text(socket)).split("\r\n\r\n")[1] ?? "";
}

const chunked = (body: string): string => `${body.length.toString(16)}\r\n${body}\r\n`;

test("reads a body of exactly the bound, in one piece or in many", async () => {
  expect(await exchange("content-length: 1000", "x".repeat(1000))).toContain("read 1000");
  const pieces = Array(10).fill(chunked("x".repeat(100)));
  expect(await exchange("transfer-encoding: chunked", ...pieces, "0\r\n\r\n")).toContain("read 1000");
});

test("refuses by the announced length, before it is sent", async () => {
  expect(await exchange("content-length: 1001", "x".repeat(1001))).toContain("refused body-too-large");
});

test("refuses a body that grows past the bound, and the client gets to read it", async () => {
  expect(await exchange("transfer-encoding: chunked", chunked("x".repeat(1001)), "0\r\n\r\n")).toContain(
    "refused body-too-large",
  );
});

test("answers a client that never ends to send after a bounded time", async () => {
  expect(await exchange("content-length: 100000000", "x".repeat(5000))).toContain("refused body-too-large");
});

test("notices a client that goes away in the middle", async () => {
  const before = outcomes.length;
  const socket = await open("content-length: 500");
  socket.write("x");
  await expect.poll(() => outcomes.length).toBe(before + 1);
  socket.destroy();
  expect(await outcomes[before]).toBe("gone");
});
