import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { agentsFor, answer, answering, body, post, receiver } from "./post-rig.ts";

describe("postWebhook, to a receiver that answers", () => {
  it("sends exactly the bytes and headers it was given", async () => {
    const to = await receiver(answering(answer("200 OK", "thanks")));
    const custom = { "X-Tenant": "42", "Content-Type": "application/cloudevents+json" };
    const result = await post(`${to.url}?a=b%20c`, { headers: custom });
    expect(result).toEqual({
      outcome: { kind: "accepted", status: 200 },
      durationMs: expect.any(Number),
      response: "thanks",
    });
    expect(to.requests).toHaveLength(1);
    const [request] = to.requests;
    expect(request?.body).toBe(body.toString());
    expect(request?.head.split("\r\n").sort()).toEqual(
      [
        "POST /hook?a=b%20c HTTP/1.1",
        `host: 127.0.0.1:${to.port}`,
        "connection: keep-alive",
        "content-type: application/cloudevents+json",
        "user-agent: Postback/1.0 (Standard Webhooks)",
        "x-tenant: 42",
        "webhook-id: e1",
        "webhook-timestamp: 1700000000",
        "webhook-signature: v1,abc",
        `content-length: ${body.length}`,
      ].sort(),
    );
  });

  it.each([200, 201, 202, 204, 299])("takes %i for accepted", async (status) => {
    const to = await receiver(answering(`HTTP/1.1 ${status} X\r\ncontent-length: 0\r\n\r\n`));
    expect((await post(to.url)).outcome).toEqual({ kind: "accepted", status });
  });

  it.each([300, 304, 400, 401, 404, 410, 413, 500, 502, 599])("takes %i for refused", async (status) => {
    const to = await receiver(answering(answer(`${status} X`, status === 304 ? "" : "no")));
    expect((await post(to.url)).outcome).toEqual({ kind: "refused", status });
  });

  it.each([301, 302, 303, 307, 308])("does not follow a %i", async (status) => {
    const elsewhere = await receiver(answering(answer("200 OK")));
    const to = await receiver(answering(answer(`${status} Moved`, "", `location: ${elsewhere.url}`)));
    expect((await post(to.url)).outcome).toEqual({ kind: "refused", status });
    expect(elsewhere.connections()).toBe(0);
  });

  it.each([
    ["429 Too Many", "Retry-After: 7", 7000],
    ["503 Down", "retry-after: 999999", 86_400_000],
    ["503 Down", "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT", 0],
  ])("reads Retry-After of %s, %s", async (statusLine, line, retryAfterMs) => {
    const to = await receiver(answering(answer(statusLine, "", line)));
    expect((await post(to.url)).outcome).toEqual({
      kind: "refused",
      status: Number.parseInt(statusLine, 10),
      retryAfterMs,
    });
  });

  it("reads Retry-After as a date ahead", async () => {
    const to = await receiver(
      answering(answer("503 X", "", `Retry-After: ${new Date(Date.now() + 60_000).toUTCString()}`)),
    );
    const { outcome } = await post(to.url);
    expect(outcome.kind === "refused" && outcome.retryAfterMs).toBeGreaterThan(50_000);
    expect(outcome.kind === "refused" && outcome.retryAfterMs).toBeLessThanOrEqual(60_000);
  });

  it.each([
    ["429 X", "Retry-After: soon"],
    ["500 X", "Retry-After: 7"],
  ])("ignores the Retry-After of %s, %s", async (statusLine, line) => {
    const to = await receiver(answering(answer(statusLine, "", line)));
    expect((await post(to.url)).outcome).toEqual({ kind: "refused", status: Number.parseInt(statusLine, 10) });
  });

  it("takes the first of several Retry-After", async () => {
    const to = await receiver(answering(answer("429 X", "", "Retry-After: 3", "Retry-After: 9")));
    expect((await post(to.url)).outcome).toMatchObject({ retryAfterMs: 3000 });
  });

  it("keeps the first 1 KiB of the answer, without U+0000 and half characters", async () => {
    const long = `a\0${"é".repeat(2000)}`;
    const bytes = Buffer.from(long);
    const to = await receiver(answering(`HTTP/1.1 500 X\r\ncontent-length: ${bytes.length}\r\n\r\n`, bytes));
    const { response } = await post(to.url);
    expect(response).toBe(`a\uFFFD${"é".repeat(511)}`);
    const odd = Buffer.from(`a${long.slice(2)}`);
    const other = await receiver(answering(`HTTP/1.1 500 X\r\ncontent-length: ${odd.length}\r\n\r\n`, odd));
    expect((await post(other.url)).response).toBe(`a${"é".repeat(511)}`);
  });

  it("does not decompress", async () => {
    const zipped = gzipSync("x".repeat(1000));
    const to = await receiver(
      answering(`HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${zipped.length}\r\n\r\n`, zipped),
    );
    const { outcome, response } = await post(to.url);
    expect(outcome).toEqual({ kind: "accepted", status: 200 });
    expect(response).not.toContain("xxx");
    expect(response).toBe(zipped.toString("utf8").replaceAll("\0", "\uFFFD"));
    expect(to.requests[0]?.head).not.toMatch(/accept-encoding/i);
  });

  it("uses a connection again", async () => {
    const to = await receiver(answering(answer("200 OK", "ok")));
    const agents = agentsFor();
    for (let i = 0; i < 5; i++) expect((await post(to.url, { concurrency: 1 }, agents)).outcome.kind).toBe("accepted");
    expect(to.requests).toHaveLength(5);
    expect(to.connections()).toBe(1);
  });

  it("opens no more connections than the endpoint's concurrency", async () => {
    const to = await receiver(answering(answer("200 OK", "ok")));
    const agents = agentsFor();
    const results = await Promise.all(Array.from({ length: 12 }, () => post(to.url, { concurrency: 3 }, agents)));
    expect(results.every(({ outcome }) => outcome.kind === "accepted")).toBe(true);
    expect(to.connections()).toBe(3);
  });
});
