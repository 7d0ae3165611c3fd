import { expect, it } from "vitest";
import { brokerProperties } from "./broker-properties.ts";

const node = (at: number) => ({ broker: 9000 + at, controller: 9100 + at });

function read(text: string): Map<string, string> {
  const entries = text.trimEnd().split("\n");
  return new Map(entries.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
}

it("keeps one copy of everything on one node", () => {
  const properties = read(brokerProperties({ nodeId: 1, ports: [node(1)], logDir: "/data" }));
  expect(properties.get("offsets.topic.replication.factor")).toBe("1");
  expect(properties.get("transaction.state.log.min.isr")).toBe("1");
  expect(properties.has("min.insync.replicas")).toBe(false);
});

it("survives the loss of one node of three", () => {
  const properties = read(brokerProperties({ nodeId: 2, ports: [node(1), node(2), node(3)], logDir: "/data" }));
  expect(properties.get("default.replication.factor")).toBe("3");
  expect(properties.get("offsets.topic.replication.factor")).toBe("3");
  expect(properties.get("min.insync.replicas")).toBe("2");
  expect(properties.get("controller.quorum.voters")).toBe("1@127.0.0.1:9101,2@127.0.0.1:9102,3@127.0.0.1:9103");
  expect(properties.get("listeners")).toBe("PLAINTEXT://127.0.0.1:9002,CONTROLLER://127.0.0.1:9102");
});

it("writes a path of Windows so that Kafka reads it back", () => {
  expect(brokerProperties({ nodeId: 1, ports: [node(1)], logDir: "C:\\data" })).toContain("log.dirs=C:\\\\data\n");
});

it("refuses a node that has no ports", () => {
  expect(() => brokerProperties({ nodeId: 2, ports: [node(1)], logDir: "/data" })).toThrow(RangeError);
});
