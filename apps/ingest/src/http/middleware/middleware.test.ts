import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createLogger, createMetrics } from "@postback/runtime";
import Koa, { type Middleware } from "koa";
import { expect, test } from "vitest";
import { Refusal } from "../../refusal.ts";
import { answerProblems } from "./answer-problems.ts";
import { limitConcurrency } from "./limit-concurrency.ts";

const inFlight = () => createMetrics("test", { processMetrics: false }).gauge({ name: "in_flight", help: "In flight" });

/** A server of `answerProblems` and what is given; its log lines are kept. */
async function serve(...middleware: Middleware[]) {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const app = new Koa();
  app.use(answerProblems(createLogger({ app: "test", level: "info", format: "json", destination })));
  for (const one of middleware) app.use(one);
  const server = createServer(app.callback());
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  return {
    lines,
    get: (path = "/") => fetch(`http://127.0.0.1:${port}${path}`),
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

test("an error of ours is logged with its stack, and the client learns nothing of it", async () => {
  await using server = await serve(() => {
    throw new TypeError("the password is hunter2");
  });
  const response = await server.get("/?token=abc");
  const text = await response.text();
  expect([response.status, JSON.parse(text).type]).toEqual([500, "https://postback.dev/problems/internal"]);
  expect(text).not.toContain("hunter2");
  expect(JSON.parse(server.lines[0] ?? "{}")).toMatchObject({ level: "error", err: { stack: expect.any(String) } });
  expect(server.lines.join()).not.toContain("token=abc");
});

test("a store that is away is 503 with Retry-After, and nothing of its address", async () => {
  await using server = await serve(() => {
    throw Object.assign(new Error("connect ECONNREFUSED 10.1.2.3:5432"), { code: "ECONNREFUSED" });
  });
  const response = await server.get();
  expect([response.status, response.headers.get("retry-after")]).toEqual([503, "1"]);
  expect(await response.text()).not.toContain("10.1.2.3");
});

test("a refusal says what is wrong, where, and is no line in the log", async () => {
  await using server = await serve(() => {
    throw new Refusal("invalid-input", "It breaks a rule.", { errors: [{ pointer: "/a", message: "is required" }] });
  });
  const response = await server.get();
  expect(await response.json()).toEqual({
    type: "https://postback.dev/problems/invalid-input",
    title: "The input breaks a rule",
    status: 422,
    detail: "It breaks a rule.",
    errors: [{ pointer: "/a", message: "is required" }],
  });
  expect(server.lines).toEqual([]);
});

test("past the limit a request gets 503 at once, and a place that becomes free is given again", async () => {
  const arrived = Promise.withResolvers<void>();
  const mayAnswer = Promise.withResolvers<void>();
  await using server = await serve(limitConcurrency(1, inFlight()), async (ctx) => {
    if (ctx.path === "/slow") {
      arrived.resolve();
      await mayAnswer.promise;
    }
    ctx.body = "done";
  });
  const slow = server.get("/slow");
  await arrived.promise;
  const refused = await server.get();
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
  mayAnswer.resolve();
  expect((await slow).status).toBe(200);
  expect((await server.get()).status).toBe(200);
});
