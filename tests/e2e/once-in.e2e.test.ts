import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { prepareOnce } from "@postback/operations";
import { createTestDatabase, eventually } from "@postback/testkit";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { useShopStack } from "./rig/shop-stack.ts";

/** Longer than the group waits for a member that was killed. */
const settleMaxMs = 40_000;
let bankUrl: string;
let bank: pg.Pool;
let gateUrl: string;
/** Asked between the COMMIT in the bank and the checkpoint, for which account. */
const asked: (string | undefined)[] = [];
let gateIsOpen = false;
const gate = createServer((request, response) => {
  asked.push(request.url);
  if (gateIsOpen) response.end();
});

beforeAll(async () => {
  bankUrl = (await createTestDatabase({ migrated: false })).url;
  bank = new pg.Pool({ connectionString: bankUrl, max: 2 });
  await prepareOnce(bank);
  await bank.query("create table accounts (account text primary key, balance integer not null default 0)");
  await new Promise<void>((listening) => gate.listen(0, "127.0.0.1", listening));
  gateUrl = `http://127.0.0.1:${(gate.address() as AddressInfo).port}/`;
});
const shop = useShopStack({
  catalogs: ["./tests/e2e/rig/bank/catalog.ts"],
  envOf: () => ({ BANK_URL: bankUrl, BANK_GATE_URL: gateUrl }),
});
afterAll(async () => {
  gate.closeAllConnections();
  gate.close();
  await bank.end();
});

async function untilAtGate(account: string): Promise<string> {
  await bank.query("insert into accounts (account) values ($1)", [account]);
  const { id } = await shop().api.accepted("account.credit", { account, amount: 5 });
  await eventually(() => expect(asked).toContain(`/${account}`));
  return id;
}
async function balances(): Promise<object> {
  const { rows } = await bank.query("select account, balance from accounts");
  return Object.fromEntries(rows.map(({ account, balance }) => [account, balance]));
}

test("kill -9 of the processor between the COMMIT in the other database and the checkpoint: one effect, or none when it is cancelled", async () => {
  const { api, app } = shop();
  const [goesOn, turnsBack] = [await untilAtGate("goes-on"), await untilAtGate("turns-back")];
  app("processor").kill("SIGKILL");
  await app("processor").waitForExit();
  expect(await balances()).toEqual({ "goes-on": 5, "turns-back": 5 });
  await api.ask("POST", `/operations/${turnsBack}/cancel`);
  gateIsOpen = true;
  app("processor").start();
  const ended = async () => {
    expect(await api.operation(goesOn)).toMatchObject({ status: "succeeded", result: { balance: 5 } });
    expect(await api.operation(turnsBack)).toMatchObject({ status: "cancelled", error: { rolledBack: true } });
  };
  await eventually(ended, { timeoutMs: settleMaxMs });
  expect(await balances()).toEqual({ "goes-on": 5, "turns-back": 0 });
  // Its step was done a second time, and got what the first had stored.
  expect(asked.filter((account) => account === "/goes-on")).toHaveLength(2);
});
