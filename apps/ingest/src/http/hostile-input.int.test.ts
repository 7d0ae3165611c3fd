import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type RunningIngest, startIngest } from "../test-rig.ts";

/** What a client may send that means harm, as bytes over a socket: no library puts it right on the way. */

let ingest: RunningIngest;
let key: string;

beforeAll(async () => {
  ingest = await startIngest({ timeouts: { headersMs: 400, requestMs: 800, checkEveryMs: 50 } });
  key = await ingest.apiKey({ scopes: ["operations:write", "endpoints:write", "endpoints:read", "operator"] });
});
afterAll(async () => {
  await ingest[Symbol.asyncDispose]();
});
// Alive: whatever came before, the next request is taken.
afterEach(async () => {
  expect(statusesOf(await send(post('{"type":"a.b","data":1}')))).toEqual([202]);
});

const crlf = "\r\n";

/** A request with these header lines, and a body that they describe as they please. */
const raw = (lines: readonly string[], body: string | Buffer = ""): Buffer =>
  Buffer.concat([Buffer.from([...lines, "", ""].join(crlf), "latin1"), Buffer.from(body)]);

const always = () => ["host: a", `authorization: Bearer ${key}`];
const json = "content-type: application/json";

/** A request that is right but for its body. */
function post(body: string | Buffer, { path = "/v1/events", method = "POST", headers = [json] } = {}): Buffer {
  const length = `content-length: ${Buffer.byteLength(body)}`;
  return raw([`${method} ${path} HTTP/1.1`, ...always(), ...headers, length, "connection: close"], body);
}

async function dial(): Promise<Socket> {
  const { hostname, port } = new URL(ingest.url);
  const socket = connect(Number(port), hostname);
  await once(socket, "connect");
  return socket;
}

/** All that is answered until the connection ends; what isn't ended in time hangs, which is no answer. */
async function send(...parts: readonly (string | Buffer)[]): Promise<string> {
  const socket = await dial();
  for (const part of parts) socket.write(part);
  return await answerOf(socket);
}

async function answerOf(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
  // A reset is an end, too: the server closes on what it has not read. 'close' follows.
  socket.on("error", () => undefined);
  socket.once("close", resolve);
  const tooLong = setTimeout(() => reject(new Error("no end of the answer")), 5_000);
  await ended.finally(() => {
    clearTimeout(tooLong);
    socket.destroy();
  });
  return Buffer.concat(chunks).toString();
}

const statusesOf = (answer: string): number[] =>
  [...answer.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => Number(status));

describe("a body", () => {
  const data = (text: string) => `{"type":"a.b","data":${text}}`;
  const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);

  test.each([
    ["with 100,000 nested arrays", data(nested(100_000)), 422],
    ["nested deeper than 32", data(nested(32)), 422],
    ["that ends within 100,000 nested arrays", data("[".repeat(100_000)), 400],
    ["with U+0000 in a value", data('"a\\u0000b"'), 422],
    ["with U+0000 in a name", data('{"a\\u0000":1}'), 422],
    ["with a lone high surrogate", data('"\\ud800"'), 422],
    ["with a lone low surrogate in a name", data('{"\\udc00":1}'), 422],
    ["with a member twice", data('{"a":1,"a":2}'), 422],
    ["with a member twice, once escaped", data('{"a":1,"\\u0061":2}'), 422],
    ["whose type is there twice", '{"type":"a.b","type":"c.d","data":1}', 422],
    ["with a number beyond 2^53", data("9007199254740993"), 422],
    ["with a fraction that would lose digits", data("0.12345678901234567891"), 422],
    ["with a number beyond a double", data("1e999"), 422],
    ["with NaN", data("NaN"), 400],
    ["with a comment", data("1/*a*/"), 400],
    ["with two values", `${data("1")}${data("2")}`, 400],
    ["with bytes that are no UTF-8", Buffer.from(`{"type":"a.b","data":"${"\u00c3\u0028"}"}`, "latin1"), 400],
    ["with an overlong encoding", Buffer.from(`{"type":"a.b","data":"${"\u00c0\u00af"}"}`, "latin1"), 400],
    [
      "with a surrogate encoded in UTF-8",
      Buffer.from(`{"type":"a.b","data":"${"\u00ed\u00a0\u0080"}"}`, "latin1"),
      400,
    ],
    ["in UTF-16", Buffer.from(data("1"), "utf16le"), 400],
    ["that is empty", "", 400],
    ["of 256 KiB and more", data(`"${"x".repeat(256 * 1024)}"`), 413],
  ])("%s is refused", async (_what, body, status) => {
    expect(statusesOf(await send(post(body)))).toEqual([status]);
  });

  test.each([
    ["another type", ["content-type: text/plain"]],
    ["no type", []],
    ["a form's type", ["content-type: application/x-www-form-urlencoded"]],
    ["another charset", ["content-type: application/json; charset=utf-16"]],
    ["a compression", [json, "content-encoding: gzip"]],
  ])("with %s is refused", async (_what, headers) => {
    expect(statusesOf(await send(post(data("1"), { headers })))).toEqual([415]);
  });

  test("with __proto__ changes nothing but the data that it is", async () => {
    const given = '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}';
    const answer = await send(post(data(given)));
    expect(statusesOf(answer)).toEqual([202]);
    expect(answer).toContain(given);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    const beside = '{"type":"a.b","data":1,"__proto__":{"id":"x","polluted":true}}';
    expect([202, 422]).toContain(statusesOf(await send(post(beside)))[0]);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  test("with the largest exact number keeps it", async () => {
    expect(await send(post(data("[9007199254740991,-9007199254740991,0.1]")))).toContain(
      "[9007199254740991,-9007199254740991,0.1]",
    );
  });
});

describe("a request that two servers may read differently", () => {
  const body = '{"type":"a.b","data":1}';
  const smuggled = `GET /v1/endpoints HTTP/1.1${crlf}host: a${crlf}${crlf}`;
  const chunked = `${body.length.toString(16)}${crlf}${body}${crlf}0${crlf}${crlf}`;
  const start = "POST /v1/events HTTP/1.1";
  const length = `content-length: ${body.length}`;
  const cases = (): [string, Buffer][] => [
    [
      "Content-Length and Transfer-Encoding",
      raw([start, ...always(), json, "content-length: 4", "transfer-encoding: chunked"], chunked),
    ],
    [
      "Transfer-Encoding and Content-Length",
      raw([start, ...always(), json, "transfer-encoding: chunked", "content-length: 4"], chunked),
    ],
    ["two lengths", raw([start, ...always(), json, length, "content-length: 0"], body)],
    [
      "two lengths in one line",
      raw([start, ...always(), json, `content-length: ${body.length}, ${body.length}`], body),
    ],
    ["a signed length", raw([start, ...always(), json, `content-length: +${body.length}`], body)],
    ["a negative length", raw([start, ...always(), json, "content-length: -1"], body)],
    ["a hexadecimal length", raw([start, ...always(), json, "content-length: 0x17"], body)],
    ["a folded line (obs-fold)", raw([start, ...always(), json, "transfer-encoding:", " chunked"], chunked)],
    ["a space before the colon", raw([start, ...always(), json, `content-length : ${body.length}`], body)],
    ["an unknown coding", raw([start, ...always(), json, "transfer-encoding: xchunked"], chunked)],
    ["a coding after chunked", raw([start, ...always(), json, "transfer-encoding: chunked, identity"], chunked)],
    [
      "a broken chunk size",
      raw([start, ...always(), json, "transfer-encoding: chunked"], `zz${crlf}${body}${crlf}0${crlf}${crlf}`),
    ],
    ["NUL in a header", raw([start, ...always(), json, "x-a: a\0b", length], body)],
    ["a bare line feed", Buffer.from(`${start}\n${always().join("\n")}\n${json}\n${length}\n\n${body}`)],
    ["no version", raw(["POST /v1/events", ...always()])],
    ["no host", raw([start, `authorization: Bearer ${key}`, json, length], body)],
  ];

  test("is refused once, and what comes behind it is never a request", async () => {
    for (const [what, request] of cases()) {
      const statuses = statusesOf(await send(Buffer.concat([request, Buffer.from(smuggled)])));
      expect([what, statuses.length]).toEqual([what, 1]);
      expect([what, statuses[0]]).toEqual([what, expect.any(Number)]);
      expect([what, (statuses[0] ?? 0) >= 400 && (statuses[0] ?? 0) < 500]).toEqual([what, true]);
    }
  });

  test("is refused with headers that have no end", async () => {
    const statuses = statusesOf(await send(raw([start, ...always(), `x-a: ${"a".repeat(512 * 1024)}`])));
    // The connection ends while they are still being sent: the reset may overtake the answer.
    expect([400, 431, undefined]).toContain(statuses[0]);
    expect(statuses.length).toBeLessThanOrEqual(1);
  });
});

describe("a client that takes its time", () => {
  test("with its headers is cut off with 408, and so is one with its body", async () => {
    const dripping = await dial();
    dripping.write(`POST /v1/events HTTP/1.1${crlf}host: a${crlf}`);
    const drip = setInterval(() => dripping.writable && dripping.write(`x-a: 1${crlf}`), 50);
    expect(statusesOf(await answerOf(dripping))).toEqual([408]);
    clearInterval(drip);

    const slow = await dial();
    slow.write(raw(["POST /v1/events HTTP/1.1", ...always(), json, "content-length: 1000"], '{"type"'));
    const drop = setInterval(() => slow.writable && slow.write(" "), 50);
    expect(statusesOf(await answerOf(slow))).toEqual([408]);
    clearInterval(drop);
  });

  test("in great numbers holds up nobody", async () => {
    const idle = await Promise.all(Array.from({ length: 300 }, () => dial()));
    for (const socket of idle) {
      socket.on("error", () => undefined);
      socket.write("POST /v1/events HTTP/1.1\r\nhost: a\r\n");
    }
    expect(statusesOf(await send(post('{"type":"a.b","data":1}')))).toEqual([202]);
    for (const socket of idle) socket.destroy();
  });
});

describe("a path or a query", () => {
  test.each([
    "/v1/endpoints/%00",
    "/v1/endpoints/%",
    "/v1/endpoints/%ff",
    "/v1/endpoints/..%2f..%2fetc",
    "/v1/endpoints/' or 1=1 --".replaceAll(" ", "%20"),
    `/v1/endpoints/${"a".repeat(4000)}`,
    "/v1/endpoints?limit=%00",
    "/v1/endpoints?cursor=%ff",
    "/v1/endpoints?limit=1&limit=2",
    "/v1/api-keys/%00",
    "/v1/deliveries/%00",
    "/v1/dead-letters/%00",
    "/v1/partners/%00",
    "//v1/endpoints",
  ])("%s is a 4xx", async (path) => {
    const [status = 0] = statusesOf(await send(raw([`GET ${path} HTTP/1.1`, ...always(), "connection: close"])));
    expect([path, status >= 400 && status < 500, status]).toEqual([path, true, status]);
  });
});
