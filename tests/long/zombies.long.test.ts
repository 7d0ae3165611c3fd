import { AtBoundary, eventually, type Verdict } from "@postback/testkit";
import { expect, test } from "vitest";
import { Chains } from "../e2e/rig/chains.ts";
import { bothOwn, oneOwns } from "../e2e/rig/owners.ts";
import { partitions, useShopStack } from "../e2e/rig/shop-stack.ts";
import { useToldEvents } from "../e2e/rig/told-events.ts";

const shop = useShopStack({ apps: { processor: 2, "webhook-dispatcher": 0 }, proxied: ["processor"] });
const told = useToldEvents(shop);

/** Each operation's end was told to readers once, and nothing was told that nobody committed. */
async function expectToldOnce(ids: readonly string[]): Promise<void> {
  await eventually(() => {
    const ends = told()
      .taken()
      .filter(({ type }) => type === "operation.succeeded");
    const ofThese = ends.map(({ operationId = "" }) => operationId).filter((id) => ids.includes(id));
    expect(ofThese.toSorted()).toEqual(ids.toSorted());
  });
  expect(await told().phantoms(shop().db)).toEqual([]);
}

test.each(["before", "after"] as const)(
  "a processor that hangs right %s a commit, and wakes when another has its partitions: no second effect, no event lost or made up",
  async (side) => {
    await bothOwn(shop());
    const chains = new Chains(shop(), `hung-${side}`, 2 * partitions);
    const zombie = shop().app("processor", 0);
    const woken = Promise.withResolvers<Verdict>();
    const hangs = () => {
      zombie.kill("SIGSTOP");
      return woken.promise;
    };
    const armed = new AtBoundary(1, { [side]: hangs });
    shop()
      .proxy("processor", 0)
      .intercept((boundary) => (boundary.statement === "COMMIT" ? armed.decide(boundary) : undefined));
    const submitted = chains.submit(3);
    try {
      await eventually(() => expect(armed.met).toBeDefined());
      await Promise.all([submitted, oneOwns(shop())]);
      // The new owner goes on with all of them, and its watermarks move past what the zombie had drawn.
      await chains.submit(2);
      await chains.expectInOrder();
      await expectToldOnce(chains.ids);
    } finally {
      woken.resolve("pass");
      zombie.kill("SIGCONT");
    }
    await chains.submit(2);
    await bothOwn(shop());
    await chains.submit(2);
    await chains.expectInOrder();
    await expectToldOnce(chains.ids);
  },
);
