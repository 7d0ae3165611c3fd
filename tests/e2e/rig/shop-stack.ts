import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AppName, type AppProcess, type Stack, type StackOptions, startStack } from "@postback/local-stack";
import {
  createTestDatabase,
  type FailureLogs,
  failureLogs,
  type PostgresProxy,
  startPostgresProxy,
  testBrokers,
  testTopicPrefix,
} from "@postback/testkit";
import pg from "pg";
import { afterAll, afterEach, beforeAll } from "vitest";
import { ApiClient } from "./api-client.ts";
import { ScriptedReceiver } from "./scripted-receiver.ts";
import { WatchedPayments } from "./watched-payments.ts";

/** A whole Postback with the shop, its payment provider, and partners that listen. */
export interface ShopStack {
  readonly stack: Stack;
  readonly api: ApiClient;
  readonly receiver: ScriptedReceiver;
  readonly payments: WatchedPayments;
  /** For looking at tables; whoever ends its connections finds new ones. */
  readonly db: pg.Pool;
  readonly topicPrefix: string;
  app(name: AppName, index?: number): AppProcess;
  /** What stands between a process of a `proxied` app and Postgres. */
  proxy(name: AppName, index?: number): PostgresProxy;
}

export const partitions = 6;

export interface ShopStackOptions extends Pick<StackOptions, "apps" | "envOf"> {
  /** Of a server that runs already. Default: a database of its own on the server of the run. */
  databaseUrl?(): Promise<string>;
  /** Further catalogs, by their paths. */
  catalogs?: readonly string[];
  /** Apps whose processes reach Postgres through a proxy each. */
  proxied?: readonly AppName[];
}

/** The stack of a test file, from before its tests until after them. Call it at the top of the file. */
export function useShopStack(options: ShopStackOptions = {}): () => ShopStack {
  const logs = failureLogs();
  const opened = new AsyncDisposableStack();
  let running: { shop: ShopStack; folder: string } | undefined;
  beforeAll(async () => {
    running = await start(options, opened);
  });
  afterEach(async () => {
    if (running) await keepLogs(running.folder, logs);
  });
  afterAll(() => opened.disposeAsync());
  return () => {
    if (!running) throw new Error("the stack runs only from before the tests until after them");
    return running.shop;
  };
}

async function start(options: ShopStackOptions, opened: AsyncDisposableStack) {
  const folder = mkdtempSync(join(tmpdir(), "postback-e2e-"));
  opened.defer(() => rmSync(folder, { recursive: true }));
  const databaseUrl = options.databaseUrl ? await options.databaseUrl() : opened.use(await createTestDatabase()).url;
  const receiver = opened.use(await ScriptedReceiver.start());
  const token = randomUUID();
  const payments = opened.use(await WatchedPayments.start(folder, token));
  // Only processors carry the step that needs it; they get it as a mounted file.
  const tokenFile = join(folder, "payments-token");
  writeFileSync(tokenFile, `${token}\n`);
  const db = new pg.Pool({ connectionString: databaseUrl, max: 2 });
  db.on("error", () => {
    // Its idle connection was ended by a test that ends all of them: the next statement makes a new one.
  });
  opened.defer(() => db.end());
  const topicPrefix = testTopicPrefix();
  const proxies = new Map<string, PostgresProxy>();
  for (const name of options.proxied ?? []) {
    for (let index = 0; index < (options.apps?.[name] ?? 1); index += 1) {
      proxies.set(`${name} ${index}`, opened.use(await startPostgresProxy(databaseUrl)));
    }
  }
  const stack = opened.use(
    await startStack({
      folder,
      profile: "test",
      brokers: { kafka: testBrokers() },
      databaseUrl,
      topicPrefix,
      partitions,
      catalog: ["./examples/shop/src/catalog.ts", ...(options.catalogs ?? [])].join(","),
      env: { SHOP_PAYMENTS_URL: payments.url },
      ...(options.apps ? { apps: options.apps } : {}),
      envOf: (name, index) => {
        const proxy = proxies.get(`${name} ${index}`);
        return {
          ...(name === "processor" ? { SHOP_PAYMENTS_TOKEN_FILE: tokenFile } : {}),
          ...(proxy ? { DATABASE_URL: proxy.url } : {}),
          ...options.envOf?.(name, index),
        };
      },
    }),
  );
  const app = (name: AppName, index = 0): AppProcess => {
    const found = stack.apps.find((each) => each.name === name && each.index === index);
    if (!found) throw new Error(`there is no ${name} ${index}`);
    return found;
  };
  const proxy = (name: AppName, index = 0): PostgresProxy => {
    const found = proxies.get(`${name} ${index}`);
    if (!found) throw new Error(`${name} ${index} reaches Postgres without a proxy`);
    return found;
  };
  return { folder, shop: { stack, api: new ApiClient(stack), receiver, payments, db, topicPrefix, app, proxy } };
}

/** What the apps logged, for a test that fails; also that of a run that was killed. */
async function keepLogs(folder: string, logs: FailureLogs): Promise<void> {
  const files = await readdir(join(folder, "logs"));
  for (const name of files) logs.write(name.replace(/\.log/, ""), await readFile(join(folder, "logs", name)));
}
