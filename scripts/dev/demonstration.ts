import { setTimeout as sleep } from "node:timers/promises";
import { type Operation, operationSchema } from "../../packages/contracts/src/index.ts";
import type { Api } from "./api.ts";
import type { DemoReceiver, ReceivedWebhook } from "./demo-receiver.ts";
import { sayWithTimes } from "./progress.ts";

const pollMs = 20;
const operationMaxMs = 30_000;
const webhookMaxMs = 10_000;
const final: ReadonlySet<Operation["status"]> = new Set(["succeeded", "failed", "cancelled", "stuck"]);

/**
 * Does the main job before the user's eyes: an order is submitted, its steps are followed by polling, the signed webhook
 * that arrives is shown.
 * @throws Error when one of these doesn't come about
 */
export async function demonstrate(api: Api, receiver: DemoReceiver, signal: AbortSignal): Promise<void> {
  const orderId = `demo-${Date.now()}`;
  console.log(`\nThe main job, step by step: the order ${orderId}\n`);
  const answer = await api("POST", "/v1/operations", { type: "order.place", input: orderOf(orderId) });
  const { id, links } = operationSchema.parse(answer.body);
  const say = sayWithTimes(performance.now() - answer.durationMs);
  say(`POST /v1/operations order.place  →  ${answer.status} Accepted, Location: ${answer.location}`);
  const operation = await follow(api, links.self, say, signal);
  say(`the operation has ${operation.status}${shown(operation.result ?? operation.error)}`);
  if (operation.status !== "succeeded") throw new Error(`The operation ${id} ended as ${operation.status}.`);
  const webhook = await receiver.waitFor(isAbout(id, "order.placed"), webhookMaxMs);
  if (webhook === undefined) throw new Error(`No webhook of the operation ${id} came within ${webhookMaxMs / 1000} s.`);
  if (webhook.whyUnverified !== undefined)
    throw new Error(`The webhook's signature is wrong: ${webhook.whyUnverified}`);
  say(`the webhook order.placed has arrived at ${receiver.url}\n`);
  showWebhook(webhook);
}

const orderOf = (orderId: string) => ({
  orderId,
  customerId: "customer-1",
  items: [{ sku: "sku-1", quantity: 2 }],
  currency: "EUR",
  amount: 4200,
  paymentToken: "tok_ok",
});

/** Asks for the status until it is final, and tells each change of a step. */
async function follow(api: Api, path: string, say: (text: string) => void, signal: AbortSignal): Promise<Operation> {
  const told = new Map<string, string>();
  const deadlineMs = performance.now() + operationMaxMs;
  for (;;) {
    const operation = operationSchema.parse((await api("GET", path)).body);
    for (const { name, status, error } of operation.steps) {
      if (status === "pending" || told.get(name) === status) continue;
      told.set(name, status);
      say(`  ${name.padEnd(16)} ${status}${error ? `: ${error.message}` : ""}`);
    }
    if (final.has(operation.status)) return operation;
    if (performance.now() > deadlineMs) {
      throw new Error(`The operation ${operation.id} is ${operation.status} after ${operationMaxMs / 1000} s.`);
    }
    await sleep(pollMs, undefined, { signal });
  }
}

function isAbout(operationId: string, type: string): (webhook: ReceivedWebhook) => boolean {
  return ({ body }) => body.includes(`"${operationId}"`) && body.includes(`"type":"${type}"`);
}

function showWebhook({ headers, body }: ReceivedWebhook): void {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  console.log([...lines, "", body].map((line) => `      ${line}`.trimEnd()).join("\n"));
  console.log("\n      ✓ its signature was verified by the npm package standardwebhooks");
}

const shown = (value: unknown): string => (value === undefined ? "" : `: ${JSON.stringify(value)}`);
