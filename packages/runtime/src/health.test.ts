import { expect, test } from "vitest";
import { createHealth, type HealthOptions } from "./health.ts";
import { startHealthServer } from "./health-server.ts";
import { createMetrics } from "./metrics.ts";

const health = (options: Partial<HealthOptions>) =>
  createHealth({ live: () => undefined, ready: [], metrics: createMetrics("test"), ...options });

async function readyz(ready: HealthOptions["ready"]) {
  const answer = await health({ ready, checkTimeoutMs: 20 })("/readyz");
  return { status: answer?.status, body: JSON.parse(answer?.body ?? "null") };
}

test("is ready when every required check is, and reports the others with their reasons", async () => {
  const { status, body } = await readyz([
    { name: "kafka", required: true, check: () => undefined },
    { name: "postgres", required: false, check: () => Promise.reject(new Error("connection refused")) },
  ]);
  expect(status).toBe(200);
  expect(body).toEqual({
    status: "ready",
    checks: {
      kafka: { ok: true, required: true },
      postgres: { ok: false, required: false, reason: "connection refused" },
    },
  });
});

test("answers 503 with the reason when a required check fails, throws or doesn't answer in time", async () => {
  const failing = await readyz([{ name: "kafka", required: true, check: () => "no broker" }]);
  const hanging = await readyz([{ name: "kafka", required: true, check: () => new Promise(() => {}) }]);
  expect(failing).toMatchObject({ status: 503, body: { checks: { kafka: { reason: "no broker" } } } });
  expect(hanging).toMatchObject({ status: 503, body: { checks: { kafka: { reason: "no answer within 20 ms" } } } });
});

test("is not live when the watchdog says that nothing moves", async () => {
  expect(await health({ live: () => "no progress for 60 s" })("/livez")).toMatchObject({ status: 503 });
});

test("serves the three paths over HTTP, HEAD too, and 404 for others", async () => {
  const metrics = createMetrics("test");
  metrics.counter({ name: "things_total", help: "Things" }).inc();
  await using server = await startHealthServer(health({ metrics }), 0);
  const get = (path: string, method = "GET") => fetch(`http://127.0.0.1:${server.port}${path}`, { method });
  expect(await (await get("/livez?x=1")).json()).toEqual({ status: "live" });
  expect((await get("/readyz")).status).toBe(200);
  expect(await (await get("/metrics")).text()).toContain('postback_things_total{app="test"} 1');
  const head = await get("/livez", "HEAD");
  expect([head.status, await head.text()]).toEqual([200, ""]);
  expect((await get("/constructor")).status).toBe(404);
});
