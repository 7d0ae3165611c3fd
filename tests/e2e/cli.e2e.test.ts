import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { type Client, createClient, type Delivery, type Event, type Operation } from "@postback/client";
import { eventually } from "@postback/testkit";
import { Webhook } from "standardwebhooks";
import { beforeAll, describe, expect, test } from "vitest";
import { order } from "./rig/orders.ts";
import type { Received } from "./rig/scripted-receiver.ts";
import { useShopStack } from "./rig/shop-stack.ts";

const shop = useShopStack();
const main = fileURLToPath(new URL("../../packages/cli/src/main.ts", import.meta.url));
let client: Client;

beforeAll(() => {
  const { url, apiKey } = shop().stack;
  client = createClient({ url, apiKey });
});

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const surroundings = (): NodeJS.ProcessEnv => ({
  ...process.env,
  POSTBACK_URL: shop().stack.url,
  POSTBACK_API_KEY: shop().stack.apiKey,
});

/** The command as a shell runs it, to its end. */
function postback(...argv: string[]): Promise<Ended> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [main, ...argv], { env: surroundings() }, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code;
      if (typeof code === "number") resolve({ code, stdout, stderr });
      else reject(error);
    });
  });
}

/** Each line of `--json`. */
const documents = <T>({ stdout }: Ended): T[] =>
  stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as T);

const succeeded = (ended: Ended): Ended => {
  expect(ended, ended.stderr).toMatchObject({ code: 0 });
  return ended;
};

describe("postback submit", () => {
  test("follows a write to its end, with what it told", async () => {
    const input = JSON.stringify(order("cli-placed"));
    const { stdout } = succeeded(await postback("submit", "order.place", input, "--follow"));
    // As it stands when it is answered: with little else to do a step may have begun by then.
    expect(stdout).toMatch(/^\S+ {2}order\.place {2}order:cli-placed {2}(accepted|running)$/m);
    expect(stdout).toMatch(/order\.placed {2}order:cli-placed/);
    expect(stdout).toMatch(/order\.place {2}order:cli-placed {2}succeeded/);
  });

  test("ends with 3 when the write went back, and says why and that it was undone", async () => {
    const input = JSON.stringify(order("cli-declined", { paymentToken: "tok_declined" }));
    const { code, stdout } = await postback("submit", "order.place", input, "--follow");
    expect(code).toBe(3);
    expect(stdout).toContain("what was done has been undone");
  });

  test("under one key is one operation, however often", async () => {
    const line = ["submit", "stock.adjust", '{"sku":"sku-1","delta":1}', "--key", "cli-once", "--json"];
    const first = documents<Operation>(succeeded(await postback(...line)));
    const second = documents<Operation>(succeeded(await postback(...line)));
    expect(first[0]?.id).toBeDefined();
    expect(second[0]?.id).toBe(first[0]?.id);
  });

  test("of what there is not says what there is", async () => {
    const { code, stdout, stderr } = await postback("submit", "order.plaice", "{}");
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain("GET /v1/operation-types lists");
  });
});

test("endpoints, deliveries and replay: registered, told, told again with the same id, and gone", async () => {
  const { receiver } = shop();
  const url = receiver.partner("cli");
  const created = await postback("endpoints", "create", url, "--events", "cli.*", "--json");
  const [endpoint] = documents<{ id: string; secret: string }>(succeeded(created));
  const id = endpoint?.id ?? "";
  expect(endpoint?.secret).toMatch(/^whsec_/);
  expect((await postback("endpoints")).stdout).toContain(id);

  const event = await client.events.publish({ type: "cli.told", data: 1 });
  await eventually(async () => {
    const listed = documents<{ status: string }>(await postback("deliveries", id, "--json"));
    expect(listed).toEqual([expect.objectContaining({ status: "delivered", eventId: event.id })]);
  });

  const counted = succeeded(await postback("replay", id, "--since", "1h", "--dry-run"));
  expect(counted.stdout).toContain("It would cover 1 events");
  const replayed = succeeded(await postback("replay", id, "--since", "1h", "--status", "delivered"));
  expect(replayed.stdout).toContain("is completed: 1 of 1 events sent");
  await eventually(() => {
    const ids = receiver.of("cli").map(({ headers }) => headers["webhook-id"]);
    expect(ids).toEqual([event.id, event.id]);
  });

  expect((await postback("endpoints", "delete", id)).stdout).toContain("is gone");
  expect(await postback("endpoints", "get", id)).toMatchObject({ code: 1, stderr: expect.stringContaining("no such") });
});

/** Standard output of a process that goes on, as it comes. */
function reading(child: ChildProcess): { readonly text: string } {
  const read = { text: "" };
  child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
    read.text += chunk;
  });
  return read;
}

describe("postback listen", () => {
  test("forwards the signed webhook byte for byte; what came of it is an attempt; it ends with the endpoint", async () => {
    const { receiver } = shop();
    const child = spawn(
      process.execPath,
      [main, "listen", "--forward", receiver.partner("local"), "--types", "listen.*", "--json"],
      { env: surroundings(), stdio: ["ignore", "pipe", "inherit"] },
    );
    const read = reading(child);
    const { id, secret } = await eventually(() => {
      const [line = ""] = read.text.split("\n");
      return (JSON.parse(line) as { endpoint: { id: string; secret: string } }).endpoint;
    });
    expect(secret).toMatch(/^whsec_/);

    const event = await client.events.publish({ type: "listen.told", data: { name: "Ölaf", amount: 1.5 } });
    const received = await eventually(() => {
      const [one] = receiver.of("local");
      expect(one).toBeDefined();
      return one as Received;
    });
    const headers = Object.fromEntries(Object.entries(received.headers).map(([name, value]) => [name, String(value)]));
    expect(new Webhook(secret).verify(received.body.toString("utf8"), headers)).toMatchObject({ type: "listen.told" });
    await eventually(() =>
      expect(read.text).toContain(`"id":"${event.id}","type":"listen.told","attempt":1,"status":2`),
    );
    await eventually(async () => {
      const [delivery] = documents<Delivery>(await postback("deliveries", id, "--json"));
      expect(delivery).toMatchObject({ eventId: event.id, status: "delivered" });
      expect(delivery?.attempts).toEqual([expect.objectContaining({ number: 1, outcome: "accepted" })]);
    });

    const closed = once(child, "close");
    child.kill("SIGINT");
    expect(await closed).toEqual([130, null]);
    await eventually(async () => expect(await postback("endpoints", "get", id)).toMatchObject({ code: 1 }));
  });

  test("what the local receiver doesn't take is an attempt that says why", async () => {
    const child = spawn(
      process.execPath,
      [main, "listen", "--forward", "http://127.0.0.1:1/hooks", "--types", "nobody.*", "--json"],
      { env: surroundings(), stdio: ["ignore", "pipe", "inherit"] },
    );
    const read = reading(child);
    const id = await eventually(
      () => (JSON.parse(read.text.split("\n")[0] ?? "") as { endpoint: { id: string } }).endpoint.id,
    );
    await client.events.publish({ type: "nobody.there", data: 1 });
    await eventually(async () => {
      const [delivery] = documents<Delivery>(await postback("deliveries", id, "--json"));
      expect(delivery?.attempts[0]).toMatchObject({ outcome: "refused", status: 502 });
      expect(delivery?.attempts[0]?.response).toContain("ECONNREFUSED");
    });
    const closed = once(child, "close");
    child.kill("SIGTERM");
    await closed;
  });
});

describe("postback tail", () => {
  test("shows events as they come, goes on after a cursor, and ends when it is interrupted", async () => {
    const child = spawn(process.execPath, [main, "tail", "--types", "tail.*", "--since", "1m", "--json"], {
      env: surroundings(),
      stdio: ["ignore", "pipe", "inherit"],
    });
    const read = reading(child);
    await client.events.publish({ type: "tail.one", data: 1 });
    await client.events.publish({ type: "other.two", data: 2 });
    const told = await eventually(() => {
      const [line = ""] = read.text.split("\n");
      const document = JSON.parse(line) as { event: Event; cursor: string };
      expect(document.event).toMatchObject({ type: "tail.one", data: 1 });
      return document;
    });
    await client.events.publish({ type: "tail.three", data: 3 });
    await eventually(() => expect(read.text).toContain("tail.three"));
    const closed = once(child, "close");
    child.kill("SIGINT");
    expect(await closed).toEqual([130, null]);
    expect(read.text).not.toContain("other.two");

    const stop = new AbortController();
    for await (const next of client.events.follow(
      { types: ["tail.*"], cursor: told.cursor },
      { signal: stop.signal },
    )) {
      expect(next).toMatchObject({ event: { type: "tail.three" } });
      break;
    }
    stop.abort();
  });
});

test("postback lag shows both groups, and none behind once all is done", async () => {
  await eventually(async () => {
    const groups = documents<{ group: string; behind: number; partitions: unknown[] }>(await postback("lag", "--json"));
    expect(groups.map(({ group, behind }) => ({ group, behind }))).toEqual([
      { group: "processor", behind: 0 },
      { group: "webhook-dispatcher", behind: 0 },
    ]);
  });
});

test("postback dead-letters says that there are none", async () => {
  expect(await postback("dead-letters")).toMatchObject({ code: 0, stdout: "", stderr: "There are none.\n" });
});

test("the client reads its own writes, and lists them over pages", async () => {
  const writes = [1, 2, 3].map((delta) => ({ type: "stock.adjust", input: { sku: "cli-sku", delta } }));
  const { results } = await client.operations.submitBatch(writes);
  const ids = results.map(({ operation }) => operation?.id);
  const state = await client.operations.entity(
    { type: "sku", id: "cli-sku" },
    { after: ids[2] ?? "", waitSeconds: 20 },
  );
  expect(state).toMatchObject({ settled: true, pending: 0 });
  const listed: string[] = [];
  for await (const { id } of client.operations.list({ entity: "sku:cli-sku", limit: 2 })) listed.push(id);
  expect(listed.sort()).toEqual(ids.toSorted());
});
