import { describe, expect, it } from "vitest";
import { checkCustomHeaders } from "./custom-headers.ts";

describe("checkCustomHeaders", () => {
  it.each([
    {},
    { Authorization: "Bearer abc", "X-Tenant": "42", "content-type": "application/cloudevents+json" },
    { "x-empty": "", "x-tab": "a\tb", "x-latin": "é" },
    Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`x-${i}`, "v"])),
  ])("takes %j", (headers) => {
    expect(checkCustomHeaders(headers)).toBeUndefined();
  });

  it.each([
    "Host",
    "Content-Length",
    "transfer-encoding",
    "CONNECTION",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "keep-alive",
    "Proxy-Authorization",
    "webhook-id",
    "Webhook-Anything",
    "postback-attempt",
    "traceparent",
    "",
    "x y",
    "x:y",
    "x\r\ny",
    "é",
  ])("refuses the name %j", (name) => {
    expect(checkCustomHeaders({ "x-good": "1", [name]: "v" })?.name).toBe(name);
  });

  it.each(["a\r\nb", "a\nb", "a\rb", "a\0b", "a\u007fb", "日本", "\u0100"])("refuses the value %j", (value) => {
    expect(checkCustomHeaders({ "x-bad": value })?.name).toBe("x-bad");
  });

  it("refuses a name that differs from another by case alone", () => {
    expect(checkCustomHeaders({ "X-A": "1", "x-a": "2" })?.name).toBe("x-a");
  });

  it("refuses more than 20, and more than 4 KiB in all", () => {
    const many = Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`x-${i}`, "v"]));
    expect(checkCustomHeaders(many)?.message).toMatch(/at most 20/);
    expect(checkCustomHeaders({ "x-a": "v".repeat(4093) })).toBeUndefined();
    expect(checkCustomHeaders({ "x-a": "v".repeat(4094) })?.message).toMatch(/4096/);
  });
});
