import { once } from "node:events";
import { Agent, get, type IncomingMessage, type RequestListener } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { createLogger } from "@postback/runtime";
import { expect, test } from "vitest";
import { listenHttp } from "./server.ts";

const logger = createLogger({ app: "test", level: "silent", format: "json" });

async function serve(listener: RequestListener) {
  const { port, part } = await listenHttp(listener, { port: 0, host: "127.0.0.1", logger });
  const stopping = new AbortController();
  return { port, stopping, stopped: part.run(stopping.signal) };
}

test("when stopping, a request in work is answered and its kept connection closed", async () => {
  const inWork = Promise.withResolvers<void>();
  const mayAnswer = Promise.withResolvers<void>();
  const { port, stopping, stopped } = await serve(async (_request, response) => {
    inWork.resolve();
    await mayAnswer.promise;
    response.end("done");
  });
  const agent = new Agent({ keepAlive: true });
  const answered = once(get({ port, host: "127.0.0.1", agent }), "response");
  await inWork.promise;
  stopping.abort();
  mayAnswer.resolve();
  const [response] = (await answered) as [IncomingMessage];
  expect(await text(response)).toBe("done");
  await stopped;
  agent.destroy();
});

test("when stopping, idle connections are closed and new ones refused", async () => {
  const { port, stopping, stopped } = await serve((_request, response) => void response.end("ok"));
  const agent = new Agent({ keepAlive: true });
  const [response] = (await once(get({ port, host: "127.0.0.1", agent }), "response")) as [IncomingMessage];
  await text(response);
  stopping.abort();
  await stopped;
  const [error] = await once(connect(port, "127.0.0.1"), "error");
  expect(error).toMatchObject({ code: "ECONNREFUSED" });
  agent.destroy();
});

test("what is not HTTP gets 400 and the end of the connection", async () => {
  const { port, stopping, stopped } = await serve((_request, response) => void response.end("ok"));
  const socket = connect(port, "127.0.0.1");
  socket.write("NONSENSE\r\n\r\n");
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 400 /);
  stopping.abort();
  await stopped;
});

test("a port that is taken is an error with its code", async () => {
  const { port, stopping, stopped } = await serve(() => {});
  await expect(listenHttp(() => {}, { port, host: "127.0.0.1", logger })).rejects.toMatchObject({ code: "EADDRINUSE" });
  stopping.abort();
  await stopped;
});
