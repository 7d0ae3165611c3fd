import type { CreateEndpoint, CreateReplay, Replay, ReplayCount } from "@postback/contracts";
import { newId, uuidV7At } from "@postback/domain";
import { eventually } from "@postback/testkit";
import { expect, test } from "vitest";
import { always, type Received, type Script } from "./rig/scripted-receiver.ts";
import { useShopStack } from "./rig/shop-stack.ts";

const shop = useShopStack({ apps: { "webhook-dispatcher": 2 } });
const accept = { status: 204 };

async function partnerOf(name: string, script: Script = always(accept), settings: Partial<CreateEndpoint> = {}) {
  const { api, receiver } = shop();
  const url = receiver.partner(name, script);
  const { id } = await api.createEndpoint({ url, events: [`${name}.*`], ...settings });
  return { id, name, received: () => receiver.of(name) };
}
type Partner = Awaited<ReturnType<typeof partnerOf>>;

const publish = async (type: string): Promise<string> => (await shop().api.publish({ type, data: {} })).id;

async function publishMany(type: string, count: number): Promise<string[]> {
  const ids: string[] = [];
  while (ids.length < count) ids.push(...(await Promise.all(Array.from({ length: 10 }, () => publish(type)))));
  const recorded = () => shop().db.query("SELECT count(*)::int AS n FROM events WHERE type = $1", [type]);
  await eventually(async () => expect((await recorded()).rows).toEqual([{ n: ids.length }]));
  return ids.toSorted();
}

const hourAgo = () => new Date(Date.now() - 3_600_000).toISOString();
const pathOf = ({ id }: Partner, replay = "") => `/endpoints/${id}/replays${replay === "" ? "" : `/${replay}`}`;

async function replayOf(partner: Partner, given: Partial<CreateReplay> = {}): Promise<Replay> {
  const { status, headers, body } = await shop().api.ask<Replay>("POST", pathOf(partner), {
    since: hourAgo(),
    ...given,
  });
  expect([status, headers.get("location")]).toEqual([201, `/v1${pathOf(partner, body.id)}`]);
  return body;
}

const shown = async (partner: Partner, { id }: Replay): Promise<Replay> =>
  (await shop().api.ask<Replay>("GET", pathOf(partner, id))).body;

const untilEnded = (partner: Partner, replay: Replay, timeoutMs = 20_000): Promise<Replay> =>
  eventually(
    async () => {
      const now = await shown(partner, replay);
      expect(now.completedAt).toBeDefined();
      return now;
    },
    { timeoutMs },
  );

const replayed = (partner: Partner, { id }: Replay): Received[] =>
  partner.received().filter(({ headers }) => headers["postback-replay"] === id);
const idsOf = (received: readonly Received[]): string[] => received.map(({ webhookId }) => webhookId);

test.concurrent("brings what a disabled endpoint missed, each once, in the order of the events, under the same webhook-id", async () => {
  const partner = await partnerOf("missed", always(accept), { concurrency: 1 });
  await shop().api.ask("PATCH", `/endpoints/${partner.id}`, { enabled: false });
  const missed = await publishMany("missed.happened", 30);
  expect((await shop().api.ask("POST", pathOf(partner), { since: hourAgo() })).status).toBe(409);
  await shop().api.ask("PATCH", `/endpoints/${partner.id}`, { enabled: true });
  const replay = await replayOf(partner);
  expect(replay).toMatchObject({ status: "running", total: 30, totalIsExact: true, isBeyondRetention: false });
  expect(await untilEnded(partner, replay)).toMatchObject({
    status: "completed",
    done: 30,
    position: expect.any(String),
  });
  expect(idsOf(replayed(partner, replay))).toEqual(missed);
  expect(partner.received().map(({ headers }) => headers["postback-attempt"])).toEqual(missed.map(() => "1"));
  const deliveries = await shop().api.deliveriesOf(partner.id);
  expect(deliveries.map(({ status, replayId }) => [status, replayId])).toEqual(
    missed.map(() => ["delivered", replay.id]),
  );
});

test.concurrent("covers by type and by what became of the events, counts them without sending, and is told what is not retained", async () => {
  let isDown = true;
  const script: Script = ({ body }) => (isDown && body.includes("picky.bad") ? { status: 400 } : accept);
  const partner = await partnerOf("picky", script, { retrySchedule: [1] });
  const good = await publishMany("picky.good", 10);
  const bad = await publishMany("picky.bad", 10);
  await eventually(async () => {
    const ended = (await shop().api.deliveriesOf(partner.id)).map(({ status }) => status);
    expect(ended.filter((status) => status === "exhausted")).toHaveLength(bad.length);
    expect(ended.filter((status) => status === "delivered")).toHaveLength(good.length);
  });
  const count = async (given: Partial<CreateReplay>) => {
    const asked = { since: hourAgo(), dryRun: true, ...given };
    const { status, body } = await shop().api.ask<ReplayCount>("POST", pathOf(partner), asked);
    expect(status).toBe(200);
    return body;
  };
  expect(await count({})).toMatchObject({ count: 20, countIsExact: true });
  expect(await count({ events: ["picky.bad", "stock.*"] })).toMatchObject({ count: 10 });
  expect(await count({ statuses: ["never"] })).toMatchObject({ count: 10 });
  expect(await count({ statuses: ["delivered", "discarded"] })).toMatchObject({ count: 10 });
  expect(await count({ since: "2020-01-01T00:00:00Z" })).toMatchObject({ count: 20, isBeyondRetention: true });
  expect(partner.received()).toHaveLength(good.length + 2 * bad.length);
  isDown = false;
  const replay = await replayOf(partner, { statuses: ["never"] });
  await untilEnded(partner, replay);
  expect(idsOf(replayed(partner, replay)).toSorted()).toEqual(bad);
  expect(await count({ statuses: ["never"] })).toMatchObject({ count: 0 });
});

test("gives way to live events: with half of the slots they come at once, however many are replayed", async () => {
  const slowly = { ...accept, delayMs: 100 };
  const partner = await partnerOf("both", always(slowly), { concurrency: 4 });
  const old = await publishMany("both.old", 60);
  await eventually(() => expect(partner.received()).toHaveLength(old.length));
  const replay = await replayOf(partner);
  await eventually(() => expect(replayed(partner, replay).length).toBeGreaterThan(4));
  const latencies: number[] = [];
  for (let count = 0; count < 9; count += 1) {
    const publishedAtMs = Date.now();
    const id = await publish("both.new");
    const came = await eventually(() => partner.received().find(({ webhookId }) => webhookId === id) ?? missing(id), {
      intervalMs: 5,
    });
    latencies.push(came.atMs - publishedAtMs);
  }
  expect((await shown(partner, replay)).status).toBe("running");
  // Behind the replay each would wait for 60 times 100 ms in 4 slots; behind one attempt for 100 ms more than it takes.
  expect(latencies.toSorted((a, b) => a - b)[latencies.length >> 1]).toBeLessThan(100);
  expect(mostAtOnce(replayed(partner, replay), slowly.delayMs)).toBeLessThanOrEqual(2);
  await untilEnded(partner, replay);
});

/** How many requests were out at the same time, each for so long at least. */
function mostAtOnce(received: readonly Received[], forMs: number): number {
  const counts = received.map(({ atMs }) =>
    received.filter((other) => other.atMs <= atMs && other.atMs > atMs - forMs),
  );
  return Math.max(...counts.map((out) => out.length));
}

function missing(id: string): never {
  throw new Error(`${id} has not come`);
}

test.concurrent("keeps its rate, pauses, goes on where it was, and is cancelled; one at a time for an endpoint", async () => {
  const partner = await partnerOf("paced", always(accept), { concurrency: 2 });
  const ids = await publishMany("paced.happened", 60);
  await eventually(() => expect(partner.received()).toHaveLength(ids.length));
  const replay = await replayOf(partner, { rateLimit: { perSecond: 10 } });
  expect((await shop().api.ask("POST", pathOf(partner), { since: hourAgo() })).status).toBe(409);
  await eventually(() => expect(replayed(partner, replay).length).toBeGreaterThanOrEqual(15));
  const change = async (to: string) => {
    const { status, body } = await shop().api.ask<Replay>("POST", `${pathOf(partner, replay.id)}/${to}`);
    expect(status).toBe(200);
    return body;
  };
  expect(await change("pause")).toMatchObject({ status: "paused" });
  const paused = await settledCount(partner, replay);
  expect(paused).toBeLessThan(ids.length);
  expect(await change("resume")).toMatchObject({ status: "running" });
  await eventually(() => expect(replayed(partner, replay).length).toBeGreaterThan(paused));
  const cancelled = await shop().api.ask<Replay>("DELETE", pathOf(partner, replay.id));
  expect(cancelled).toMatchObject({ status: 200, body: { status: "cancelled", reason: "by-request" } });
  await untilEnded(partner, replay);
  const came = replayed(partner, replay);
  expect(came.length).toBeLessThan(ids.length);
  expect(idsOf(came)).toEqual(ids.slice(0, came.length));
  // A second's worth at once, then ten a second; a pause only makes it longer.
  const beganAtMs = came[0]?.atMs ?? Number.NaN;
  for (const [index, { atMs }] of came.entries())
    expect(atMs - beganAtMs).toBeGreaterThanOrEqual((index - 10) * 100 - 50);
  expect((await shop().api.ask("POST", `${pathOf(partner, replay.id)}/resume`)).status).toBe(409);
  const { body } = await shop().api.ask<{ data: Replay[] }>("GET", pathOf(partner));
  expect(body.data.map(({ id, status }) => [id, status])).toEqual([[replay.id, "cancelled"]]);
});

/** How many have come when no more do: two looks, a second apart, agree. */
const settledCount = async (partner: Partner, replay: Replay): Promise<number> => {
  let before = -1;
  return await eventually(
    () => {
      const now = replayed(partner, replay).length;
      const isSettled = now === before;
      before = now;
      expect(isSettled).toBe(true);
      return now;
    },
    { intervalMs: 1_000 },
  );
};

test.concurrent("gives an old event that fails its whole schedule; cancelled, it takes what waits of it along", async () => {
  const partner = await partnerOf("elder", always({ status: 500 }), { retrySchedule: [3_600] });
  const eightDaysAgo = Date.now() - 8 * 86_400_000;
  await makeRange(eightDaysAgo);
  const [first] = [
    await makeEvent("elder.happened", eightDaysAgo),
    await makeEvent("elder.happened", eightDaysAgo + 1),
  ];
  const since = new Date(eightDaysAgo).toISOString();
  const replay = await replayOf(partner, { since, rateLimit: { perSecond: 0.01 } });
  expect(replay).toMatchObject({ total: 2 });
  const deliveries = () => shop().api.deliveriesOf(partner.id);
  await eventually(async () => {
    expect(await deliveries()).toMatchObject([{ eventId: first, status: "pending", attempts: [{ status: 500 }] }]);
    expect(await shown(partner, replay)).toMatchObject({ status: "running", done: 1 });
  });
  await shop().api.ask("DELETE", pathOf(partner, replay.id));
  expect(await untilEnded(partner, replay)).toMatchObject({ status: "cancelled", done: 1, total: 2 });
  expect(await deliveries()).toMatchObject([{ eventId: first, status: "discarded", reason: "replay-cancelled" }]);
});

/** An event of the past, told by nobody. */
async function makeEvent(type: string, timeMs: number): Promise<string> {
  const id = uuidV7At(timeMs, crypto.getRandomValues(new Uint8Array(10)));
  await shop().db.query(
    `INSERT INTO events (tenant_id, id, type, partition, body, accepted_at)
     VALUES ($1, $2, $3, 0, '{"data":{}}', to_timestamp($4 / 1000.0))`,
    [shop().stack.tenantId, id, type, timeMs],
  );
  return id;
}

async function makeRange(timeMs: number): Promise<void> {
  for (const table of ["operations", "events", "deliveries"]) {
    await shop().db.query(`DO $$
      DECLARE starts timestamptz := date_trunc('week', to_timestamp(${timeMs} / 1000.0), 'UTC');
      child text := '${table}_' || to_char(starts AT TIME ZONE 'UTC', 'YYYYMMDD');
      BEGIN
        IF to_regclass(child) IS NULL THEN
          EXECUTE format('CREATE TABLE %I PARTITION OF ${table} FOR VALUES FROM (%L) TO (%L)',
            child, uuid_floor(starts), uuid_floor(starts + interval '7 days'));
        END IF;
      END $$`);
  }
}

test.concurrent("is another tenant's business for nobody", async () => {
  const partner = await partnerOf("mine");
  await publish("mine.happened");
  const replay = await replayOf(partner);
  for (const [method, path] of [
    ["GET", pathOf(partner, newId())],
    ["GET", `/endpoints/${newId()}/replays/${replay.id}`],
    ["DELETE", `/endpoints/${newId()}/replays/${replay.id}`],
    ["POST", `/endpoints/${newId()}/replays/${replay.id}/pause`],
  ] as const) {
    expect((await shop().api.ask(method, path)).status).toBe(404);
  }
  await untilEnded(partner, replay);
});

test("goes on with another dispatcher when the one that works it is killed, and nothing is left out", async () => {
  const partner = await partnerOf("crash", always({ ...accept, delayMs: 20 }), { timeoutMs: 2_000 });
  const ids = await publishMany("crash.happened", 120);
  await eventually(() => expect(partner.received()).toHaveLength(ids.length));
  const replay = await replayOf(partner, { rateLimit: { perSecond: 25 } });
  await eventually(() => expect(replayed(partner, replay).length).toBeGreaterThan(30));
  const worker = shop().app("webhook-dispatcher", (await held(0)) > 0 ? 0 : 1);
  worker.kill("SIGKILL");
  await worker.waitForExit();
  const before = replayed(partner, replay).length;
  const ended = await untilEnded(partner, replay, 60_000);
  expect(ended).toMatchObject({ status: "completed", done: ids.length });
  const came = idsOf(replayed(partner, replay));
  expect(before).toBeLessThan(ids.length);
  await eventually(() => expect(new Set(idsOf(replayed(partner, replay)))).toEqual(new Set(ids)), {
    timeoutMs: 30_000,
  });
  // Those that were out, and those whose outcome it had not written.
  expect(came.length - new Set(came).size).toBeLessThanOrEqual(8);
});

/** How many replays one of the dispatchers works. */
async function held(index: number): Promise<number> {
  const metrics = await (await fetch(`${shop().app("webhook-dispatcher", index).healthUrl}/metrics`)).text();
  return Number(/^postback_replays_held\{[^}]*\} (\d+)$/m.exec(metrics)?.[1]);
}
