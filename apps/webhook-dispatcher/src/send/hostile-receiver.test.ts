import { once } from "node:events";
import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { agentsFor, answer, answering, post, receiver } from "./post-rig.ts";
import type { Script } from "./raw-receiver.ts";

describe("postWebhook, to a receiver that misbehaves", () => {
  const TIMEOUT_MS = 150;

  it("ends at the deadline when no answer comes, and closes the connection", async () => {
    const to = await receiver(() => {});
    const { outcome, durationMs } = await post(to.url, { timeoutMs: TIMEOUT_MS });
    expect(outcome).toEqual({ kind: "unreachable", cause: "timeout" });
    expect(durationMs).toBeGreaterThanOrEqual(TIMEOUT_MS - 5);
    expect(durationMs).toBeLessThan(TIMEOUT_MS + 500);
    await to.disconnected();
  });

  const dripping =
    (head: string, piece: string): Script =>
    (socket) => {
      socket.write(head);
      const drip = setInterval(() => socket.write(piece), 10);
      socket.once("close", () => clearInterval(drip));
    };

  it.each([
    ["body", dripping("HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n", "x")],
    ["chunks", dripping("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", "1\r\nx\r\n")],
    ["headers", dripping("HTTP/1.1 200 OK\r\n", "x-a: b\r\n")],
    ["a status line", dripping("HTTP/1.1 200 ", "O")],
  ])("ends at the deadline when %s come drop by drop", async (_what, script) => {
    const to = await receiver(script);
    const { outcome, durationMs } = await post(to.url, { timeoutMs: TIMEOUT_MS });
    expect(outcome).toEqual({ kind: "unreachable", cause: "timeout" });
    expect(durationMs).toBeLessThan(TIMEOUT_MS + 500);
    await to.disconnected();
  });

  it("counts a refusal whose body never ends for what it is, with what came of it", async () => {
    const to = await receiver(dripping("HTTP/1.1 503 X\r\nretry-after: 9\r\ncontent-length: 999\r\n\r\n", "x"));
    const result = await post(to.url, { timeoutMs: TIMEOUT_MS });
    expect(result.outcome).toEqual({ kind: "refused", status: 503, retryAfterMs: 9000 });
    expect(result.response).toMatch(/^x+$/);
  });

  it.each([
    ["without an answer", ""],
    ["in the headers", "HTTP/1.1 200 OK\r\nconte"],
    ["in the body", "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc"],
    ["in the chunks", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab"],
  ])("takes a connection that is reset or closed %s for reset", async (_when, before) => {
    for (const end of ["resetAndDestroy", "destroy", "end"] as const) {
      const to = await receiver((socket) => {
        socket.write(before, () => setImmediate(() => socket[end]()));
      });
      expect((await post(to.url)).outcome).toEqual({ kind: "unreachable", cause: "reset" });
    }
  });

  it("counts a refusal whose body is cut short for what it is", async () => {
    const to = await receiver((socket) => socket.end("HTTP/1.1 410 Gone\r\ncontent-length: 100\r\n\r\nabc"));
    expect(await post(to.url)).toMatchObject({ outcome: { kind: "refused", status: 410 }, response: "abc" });
  });

  it.each([
    ["garbage", "SSH-2.0-OpenSSH_9.9\r\n"],
    ["a TLS alert", Buffer.from([0x15, 3, 3, 0, 2, 2, 40])],
    ["another protocol version", "HTTP/9.9 200 OK\r\n\r\n"],
    ["HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    ["a status that is none", "HTTP/1.1 abc OK\r\n\r\n"],
    ["two lengths", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nabcdef"],
    ["a length and chunks", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"],
    ["bad chunks", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"],
    ["100 Continue unasked", "HTTP/1.1 100 Continue\r\n\r\n".repeat(1000)],
    ["an upgrade unasked", "HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"],
    ["103 without end", "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n".repeat(1000)],
    ["headers without end", `HTTP/1.1 200 OK\r\n${`x-a: ${"b".repeat(100)}\r\n`.repeat(1000)}`],
    ["one header without end", `HTTP/1.1 200 OK\r\nx-a: ${"b".repeat(100_000)}`],
  ])("takes %s for no HTTP", async (_what, bytes) => {
    const to = await receiver(answering(bytes));
    expect((await post(to.url)).outcome).toEqual({ kind: "unreachable", cause: "protocol" });
    await to.disconnected();
  });

  it("puts up with a few early hints", async () => {
    const hint = "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n";
    const to = await receiver(answering(hint.repeat(5), answer("200 OK", "ok")));
    expect((await post(to.url)).outcome).toEqual({ kind: "accepted", status: 200 });
  });

  it.each([
    ["200 OK", { kind: "accepted", status: 200 }],
    ["500 X", { kind: "refused", status: 500 }],
  ])("reads no more than 16 KiB of the answer; the status of %s counts", async (statusLine, outcome) => {
    let written = 0;
    const endless = "y".repeat(8192);
    const to = await receiver((socket) => {
      const more = () => {
        while (!socket.destroyed && socket.write(endless)) written += endless.length;
        if (!socket.destroyed) socket.once("drain", more);
      };
      socket.write(`HTTP/1.1 ${statusLine}\r\n\r\n`);
      more();
    });
    const result = await post(to.url);
    expect(result.outcome).toEqual(outcome);
    expect(result.response).toBe("y".repeat(1024));
    await to.disconnected();
    expect(written).toBeLessThan(64 * 1024 * 1024);
  });

  it("takes an answer of exactly 16 KiB whole and uses the connection again", async () => {
    const to = await receiver(answering(answer("200 OK", "z".repeat(16 * 1024))));
    const agents = agentsFor();
    for (let i = 0; i < 2; i++) {
      expect((await post(to.url, { concurrency: 1 }, agents)).outcome.kind).toBe("accepted");
    }
    expect(to.connections()).toBe(1);
  });

  it("does not take what comes after an answer for the next one", async () => {
    const to = await receiver(answering(answer("200 OK") + answer("500 smuggled")));
    const agents = agentsFor();
    for (let i = 0; i < 3; i++) {
      const { outcome } = await post(to.url, {}, agents);
      expect(outcome).toEqual({ kind: "accepted", status: 200 });
    }
  });

  it("tells a refused connection", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" ? address?.port : 0;
    server.close();
    await once(server, "close");
    const { outcome } = await post(`http://127.0.0.1:${port}/`);
    expect(outcome).toEqual({ kind: "unreachable", cause: "connect" });
  });

  it("goes on with the next request after each failure", async () => {
    let count = 0;
    const to = await receiver((socket) => {
      if (++count % 2) socket.resetAndDestroy();
      else socket.write(answer("200 OK"));
    });
    const agents = agentsFor();
    const kinds: string[] = [];
    for (let i = 0; i < 6; i++) kinds.push((await post(to.url, {}, agents)).outcome.kind);
    expect(kinds).toEqual(["unreachable", "accepted", "unreachable", "accepted", "unreachable", "accepted"]);
  });

  it("does not send a request any more whose deadline passed while it waited for a connection", async () => {
    const waiting: (() => void)[] = [];
    const to = await receiver((socket) => waiting.push(() => socket.write(answer("200 OK"))));
    const agents = agentsFor();
    const first = post(to.url, { concurrency: 1 }, agents);
    const second = post(to.url, { concurrency: 1, timeoutMs: 50 }, agents);
    expect((await second).outcome).toEqual({ kind: "unreachable", cause: "timeout" });
    await expect.poll(() => waiting.length).toBe(1);
    waiting[0]?.();
    expect((await first).outcome.kind).toBe("accepted");
    const third = post(to.url, { concurrency: 1 }, agents);
    await expect.poll(() => waiting.length).toBe(2);
    waiting[1]?.();
    expect((await third).outcome.kind).toBe("accepted");
    expect(to.requests).toHaveLength(2);
  });
});
