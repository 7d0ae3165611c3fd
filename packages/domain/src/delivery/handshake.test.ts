import { describe, expect, it } from "vitest";
import { delayBeforeHandshake, judgeConsent, requestedRate } from "./handshake.ts";

const ORIGIN = "webhooks.example.com";
const judge = (origin: string | string[] | undefined, rate?: string | string[]) =>
  judgeConsent({ "webhook-allowed-origin": origin, "webhook-allowed-rate": rate }, ORIGIN);

describe("judgeConsent", () => {
  it.each([ORIGIN, "WebHooks.Example.com", "*", ` ${ORIGIN} `])("takes %j for consent", (origin) => {
    expect(judge(origin)).toEqual({ given: true, ratePerSecond: null });
  });

  it.each([[undefined], [""], ["example.com"], [`${ORIGIN}, *`], ["null"], [["*", "*"]], [[]]])(
    "takes %j for none",
    (origin) => {
      expect(judge(origin as string | string[] | undefined)).toMatchObject({ given: false });
    },
  );

  it.each([
    ["120", 2],
    ["1", 1 / 60],
    ["*", null],
  ])("reads the rate %s as %d a second", (rate, ratePerSecond) => {
    expect(judge("*", rate)).toEqual({ given: true, ratePerSecond });
  });

  it.each(["0", "-1", "1.5", "12/min", "1e9", "", "9999999999"])("takes the rate %j for no consent", (rate) => {
    expect(judge("*", rate)).toMatchObject({ given: false });
  });
});

it("asks for whole requests a minute, one at least", () => {
  expect([2, 0.5, 0.01, 1 / 3].map(requestedRate)).toEqual(["120", "30", "1", "20"]);
});

it("asks again a few times, later each time, and then no more", () => {
  expect([1, 2, 3, 4].map(delayBeforeHandshake)).toEqual([5_000, 60_000, 600_000, undefined]);
});
