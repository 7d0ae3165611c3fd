import { eventually } from "@postback/testkit";
import { expect, test } from "vitest";
import { order } from "./rig/orders.ts";
import { useShopStack } from "./rig/shop-stack.ts";

/** The first processor has no catalog, the second has the shop's. */
const shop = useShopStack({
  apps: { processor: 2 },
  envOf: (name, index) => (name === "processor" && index === 0 ? { POSTBACK_CATALOG: "" } : {}),
});
const [without, having] = [() => shop().app("processor", 0), () => shop().app("processor", 1)];

test("an operation whose definition its processor lacks waits, visibly, and goes on when one has it", async () => {
  const { api } = shop();
  await having().stop();
  const { id } = await api.accepted("order.place", order("missing-1"));
  await eventually(async () =>
    expect(await api.operation(id)).toMatchObject({ status: "waiting", error: { code: "definition-missing" } }),
  );
  const { rows } = await shop().db.query("SELECT count(*)::int AS letters FROM dead_letters");
  expect(rows).toEqual([{ letters: 0 }]);
  having().start();
  await having().ready();
  await without().stop();
  const ended = await eventually(
    async () => {
      const operation = await api.operation(id);
      expect(operation.status).toBe("succeeded");
      return operation;
    },
    { timeoutMs: 30_000 },
  );
  expect(ended.error).toBeUndefined();
});
