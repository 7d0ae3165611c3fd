import { expect, it } from "vitest";
import { endpointHeaders } from "./endpoint-headers.ts";

const origin = "webhooks.example.com";
const headers = { "X-Team": "blue", "Content-Type": "text/plain", Origin: "null", "CE-Type": "forged" };

it("leaves an endpoint's own headers as they are where nothing is ours", () => {
  expect(endpointHeaders({ headers, format: "standard", handshake: false }, origin)).toEqual(headers);
  expect(endpointHeaders({ headers: null, format: "standard", handshake: false }, origin)).toEqual({});
});

it("says by itself where it comes from to a receiver that was asked", () => {
  const { Origin: _, ...others } = headers;
  expect(endpointHeaders({ headers, format: "standard", handshake: true }, origin)).toEqual({ ...others, origin });
});

it.each([
  ["cloudevents-structured", { "CE-Type": "forged", "content-type": "application/cloudevents+json; charset=utf-8" }],
  ["cloudevents-binary", { "content-type": "application/json" }],
] as const)("says by itself what the body is, and in binary mode the attributes: %s", (format, expected) => {
  expect(endpointHeaders({ headers, format, handshake: false }, origin)).toEqual({
    "X-Team": "blue",
    Origin: "null",
    ...expected,
  });
});
