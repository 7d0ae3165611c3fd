import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { AppName } from "@postback/local-stack";
import { eventually } from "@postback/testkit";
import { afterAll, expect, test } from "vitest";
import { noAnswer } from "./rig/orders.ts";
import { useShopStack } from "./rig/shop-stack.ts";

const writesPerSecond = 30;
const folder = mkdtempSync(join(tmpdir(), "postback-release-"));
/** What is deployed: a process has what it held when the process started. */
const deployed = join(folder, "catalog.mjs");
release("first");

const shop = useShopStack({ apps: { processor: 2, "webhook-dispatcher": 0 }, catalogs: [deployed] });
afterAll(() => rmSync(folder, { recursive: true }));

function release(name: "first" | "second"): void {
  const { href } = new URL(`./rig/parcels/${name}-release.ts`, import.meta.url);
  writeFileSync(deployed, `export { default } from ${JSON.stringify(href)};\n`);
}

/** Replaces a process as an orchestrator does: asks it to end, and waits for the next one. */
async function replace(name: AppName, index = 0): Promise<void> {
  const app = shop().app(name, index);
  await app.stop();
  app.start();
  await app.ready();
}

/** Writes at a steady rate until `meanwhile` has ended. @returns the ids of those that were answered 202 */
async function writing(meanwhile: () => Promise<void>): Promise<string[]> {
  const ids: string[] = [];
  const writes: Promise<void>[] = [];
  const write = async (): Promise<void> => {
    const input = { parcel: `parcel-${writes.length}`, isHeld: false };
    const answer = await shop().api.submit("parcel.send", input).catch(noAnswer);
    if (answer?.status === 202) ids.push(answer.body.id);
    else expect([undefined, 503]).toContain(answer?.status);
  };
  const timer = setInterval(() => writes.push(write()), 1000 / writesPerSecond);
  try {
    await meanwhile();
  } finally {
    clearInterval(timer);
  }
  await Promise.all(writes);
  return ids;
}

interface Sent {
  id: string;
  revision: number;
  status: string;
  steps: string[];
  done: string[];
}

/** Each operation with the steps of its row, and what its steps left behind. */
async function sent(): Promise<Map<string, Sent>> {
  const { rows } = await shop().db.query<Sent>(
    `SELECT id, revision, status, (SELECT array_agg(s->>'name') FROM jsonb_array_elements(steps) AS s) AS steps,
       (SELECT array_agg(w.step ORDER BY w.n) FROM parcels.work w WHERE w.operation_id = o.id AND w.revision = o.revision) AS done
     FROM operations o WHERE type = 'parcel.send'`,
  );
  return new Map(rows.map((row) => [row.id, row]));
}

async function unfinished(): Promise<unknown> {
  const { body } = await shop().api.ask<{ data: { type: string; revisions: unknown }[] }>("GET", "/operation-types");
  return body.data.find(({ type }) => type === "parcel.send")?.revisions;
}

const stepsOf: Readonly<Record<number, readonly string[]>> = {
  1: ["pack", "hand-over"],
  2: ["pack", "weigh", "give-to-carrier"],
};

test("a new revision with a step added and one renamed, processors first, then ingest, under load: each operation ends under the revision it began with, none is lost", async () => {
  const { api, db } = shop();
  const { id: held } = await api.accepted("parcel.send", { parcel: "held", isHeld: true });
  const told = await writing(async () => {
    await sleep(1_000);
    release("second");
    await replace("processor", 0);
    await replace("processor", 1);
    await replace("ingest");
    await sleep(1_000);
  });
  await eventually(
    async () =>
      expect(await unfinished()).toEqual([
        { revision: 2, unfinished: 0 },
        { revision: 1, unfinished: 1 },
      ]),
    {
      timeoutMs: 20_000,
    },
  );
  await db.query("DELETE FROM parcels.closed");
  await eventually(async () =>
    expect(await unfinished()).toEqual([
      { revision: 2, unfinished: 0 },
      { revision: 1, unfinished: 0 },
    ]),
  );

  const all = await sent();
  expect(told.filter((id) => all.get(id) === undefined)).toEqual([]);
  const wrong = [...all.values()].filter(
    ({ revision, status, steps, done }) =>
      status !== "succeeded" ||
      String(steps) !== String(stepsOf[revision]) ||
      String(done) !== String(stepsOf[revision]),
  );
  expect(wrong).toEqual([]);
  expect(all.get(held)).toMatchObject({ revision: 1 });
  const ofRevision = (revision: number) => told.filter((id) => all.get(id)?.revision === revision).length;
  expect([ofRevision(1), ofRevision(2)].map((count) => count > writesPerSecond / 2)).toEqual([true, true]);
  expect((await db.query("SELECT count(*)::int AS letters FROM dead_letters")).rows).toEqual([{ letters: 0 }]);
  console.log(
    `rolled under load: ${told.length} accepted, ${ofRevision(1)} ended under revision 1, ${ofRevision(2)} under 2`,
  );
});
