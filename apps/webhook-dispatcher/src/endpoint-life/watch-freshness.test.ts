import type { Stalest } from "@postback/database";
import { createMetrics } from "@postback/runtime";
import { expect, test } from "vitest";
import { describeStalest } from "./watch-freshness.ts";

test("shows how far the worst endpoints are behind, and forgets those that aren't among them any more", async () => {
  const metrics = createMetrics("test", { processMetrics: false });
  let stalest: Stalest = {
    behind: 12,
    endpoints: [
      { endpointId: "one", oldestAgeMs: 90_500, backlog: 7 },
      { endpointId: "other", oldestAgeMs: 1_000, backlog: 10_000 },
    ],
  };
  describeStalest(metrics, () => stalest);
  const lines = async () =>
    (await metrics.registry.metrics()).split("\n").filter((line) => !line.startsWith("#") && line !== "");
  expect(await lines()).toEqual([
    'postback_endpoints_behind{app="test"} 12',
    'postback_oldest_undelivered_seconds{app="test"} 90.5',
    'postback_endpoint_oldest_undelivered_seconds{endpoint="one",app="test"} 90.5',
    'postback_endpoint_oldest_undelivered_seconds{endpoint="other",app="test"} 1',
    'postback_endpoint_backlog{endpoint="one",app="test"} 7',
    'postback_endpoint_backlog{endpoint="other",app="test"} 10000',
  ]);
  stalest = { behind: 0, endpoints: [] };
  expect(await lines()).toEqual([
    'postback_endpoints_behind{app="test"} 0',
    'postback_oldest_undelivered_seconds{app="test"} 0',
  ]);
});
