import { setTimeout as sleep } from "node:timers/promises";
import { operationSchema } from "../../packages/contracts/src/index.ts";
import type { Api } from "../../scripts/dev/api.ts";
import { benchSkus } from "../scenarios.ts";

const quantityEach = 100_000_000;
const timeoutMs = 60_000;
const pollMs = 100;

/** Puts enough of every article into the shop's stock, by the shop's own operation. @throws when one isn't done in time */
export async function stockTheShop(api: Api): Promise<void> {
  const deadline = AbortSignal.timeout(timeoutMs);
  const ids = await Promise.all(
    benchSkus.map(async (sku) => {
      const { body } = await api("POST", "/v1/operations", {
        type: "stock.adjust",
        input: { sku, delta: quantityEach },
      });
      return operationSchema.parse(body).id;
    }),
  );
  for (const id of ids) {
    while (!(await hasSucceeded(api, id))) await sleep(pollMs, undefined, { signal: deadline });
  }
}

async function hasSucceeded(api: Api, id: string): Promise<boolean> {
  const { status, body } = await api("GET", `/v1/operations/${id}`);
  if (status === 404) return false;
  const operation = operationSchema.parse(body);
  if (operation.status === "failed") throw new Error(`The shop could not be stocked: ${operation.error?.message}`);
  return operation.status === "succeeded";
}
