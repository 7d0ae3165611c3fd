import type { StackOptions } from "@postback/local-stack";
import { eventually } from "@postback/testkit";
import { describe, expect, test } from "vitest";
import { Chains } from "./rig/chains.ts";
import { endsWholeEverywhere } from "./rig/commit-boundaries.ts";
import { endsIn } from "./rig/notes.ts";
import { checkedOut, placed, undone } from "./rig/one-order.ts";
import { useShopStack } from "./rig/shop-stack.ts";
import { useToldEvents } from "./rig/told-events.ts";

/**
 * There are no failpoints in the apps: a proxy before Postgres breaks the connection right before a commit reaches the
 * server, or right after the server has done it and before the app has the answer. These are the places where what is
 * durable and what a process knows can differ. `tests/long` kills the process there instead.
 */
const cut = { endMaxMs: 10_000, breaks: () => "cut" as const };

/** A stack whose apps reach Postgres through proxies. */
function useCutStack(options: Pick<StackOptions, "envOf"> & { readonly processors: number }) {
  const apps = { processor: options.processors, "webhook-dispatcher": 0 };
  const shop = useShopStack({ ...options, apps, proxied: ["ingest", "processor"] });
  return { shop, told: useToldEvents(shop) };
}

describe("cut from Postgres before and after each commit, one after another", () => {
  const { shop, told } = useCutStack({ processors: 1 });

  test.each([
    ["an order that is placed", placed, ["ingest project_commands 1", "processor COMMIT 1", "processor COMMIT 2"]],
    ["an order that is undone", undone, ["processor COMMIT 2", "processor move_watermarks 1"]],
    ["a checkout", checkedOut, ["ingest COMMIT 1", "processor admit_outbox 1", "processor COMMIT 2"]],
  ])("%s ends whole, with each effect and each event once", async (_, write, among) => {
    expect(await endsWholeEverywhere(shop(), told(), write, cut)).toEqual(expect.arrayContaining(among));
  });

  test("many operations at once, whose steps may share a transaction, take effect once each when one commit in three is cut", async () => {
    let [commits, cuts] = [0, 0];
    shop()
      .proxy("processor")
      .intercept(({ statement }) => {
        if (statement !== "COMMIT" || ++commits % 3 !== 0) return undefined;
        cuts += 1;
        return cuts % 2 === 0 ? { before: () => "cut" } : { after: () => "cut" };
      });
    const chains = new Chains(shop(), "cut", 24);
    await chains.submit(5);
    await chains.expectInOrder();
    shop().proxy("processor").intercept(undefined);
    const { ids } = chains;
    const ends = () => endsIn(told().taken()).filter((id) => ids.includes(id));
    await eventually(() => expect(ends().toSorted()).toEqual(ids.toSorted()));
    expect(await told().phantoms(shop().db)).toEqual([]);
    console.log(`${ids.length} operations in ${commits} transactions, ${cuts} of them cut`);
    expect(cuts).toBeGreaterThan(3);
  });
});

describe("where another process carries the queue of its payment", () => {
  const { shop, told } = useCutStack({
    processors: 2,
    envOf: (name, index) => (name === "processor" ? { PROCESSOR_QUEUES: ["commands", "payments"][index] ?? "" } : {}),
  });

  test("an order that is placed ends whole, with each effect and each event once", async () => {
    const names = await endsWholeEverywhere(shop(), told(), placed, cut);
    expect(names).toEqual(expect.arrayContaining(["processor COMMIT 1", "processor-2 write_step_result 1"]));
  });
});
