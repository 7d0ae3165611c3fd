import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type { Endpoint } from "@postback/contracts";
import type { Keyring } from "@postback/database";
import { newId } from "@postback/domain";
import type { Logger, Part } from "@postback/runtime";
import type { Caller } from "../auth/known-keys.ts";
import { makeSecret } from "../http/endpoints/make-secret.ts";
import { presentEndpoint } from "../http/endpoints/present-endpoint.ts";
import { settled } from "../http/endpoints/settled.ts";
import { Refusal } from "../refusal.ts";
import type { IngestStore } from "../store.ts";
import { gone, Listener, type RelayedAnswer, type RelayedWebhook } from "./listener.ts";

export interface ListenersOptions {
  /** Where dispatchers reach this process; undefined: listening is refused. */
  url: string | undefined;
  store: Pick<IngestStore, "createEndpoint" | "deleteEndpoint" | "awaitSubscriptionVersion">;
  keyring: Keyring;
  logger: Logger;
}

export interface OpenedListener {
  /** With its secret. */
  endpoint: Endpoint;
  listener: Listener;
  /** Takes the endpoint away. Never rejects. */
  close(): Promise<void>;
}

/** For a developer's receiver: few at a time, soon again, and given up when nobody mends it. */
const settings = { concurrency: 2, timeoutMs: 30_000, retrySchedule: [5, 30, 120] };

/**
 * Temporary endpoints whose receivers are behind a connection of ours. To dispatchers each is an endpoint like any other,
 * whose URL leads to this process: so matching, signatures, attempts, limits and the breaker are the same, and what they
 * post is handed over byte for byte.
 */
export class Listeners {
  readonly #options: ListenersOptions;
  readonly #byToken = new Map<string, Listener>();
  readonly #open = new Set<OpenedListener>();
  readonly #closing = new Set<Promise<void>>();

  constructor(options: ListenersOptions) {
    this.#options = options;
  }

  get open(): number {
    return this.#open.size;
  }

  /** Takes the endpoints away when the process stops; whoever listened connects elsewhere. */
  get part(): Part {
    return {
      name: "listeners",
      run: async (signal) => {
        if (!signal.aborted) await once(signal, "abort");
        await Promise.all([...[...this.#open].map((each) => each.close()), ...this.#closing]);
      },
    };
  }

  /** @throws {Refusal} not-found where it is not set up; what the store throws */
  async listen(caller: Caller, events: string[], send: (webhook: RelayedWebhook) => void): Promise<OpenedListener> {
    const { url: base, store, keyring } = this.#options;
    if (base === undefined) throw new Refusal("not-found", "Listening is not set up here: LISTEN_URL of ingest.");
    const { tenantId, keyId, partnerId = null } = caller;
    const token = randomBytes(32).toString("base64url");
    const id = newId();
    const { secret, shown } = makeSecret(keyring, "v1", { tenantId, endpointId: id, version: 1 });
    const listener = new Listener(send);
    this.#byToken.set(token, listener);
    const url = `${base.replace(/\/$/, "")}/listeners/${token}`;
    const description = "postback listen: gone with its connection";
    const row = { ...settings, description, id, url, events, partnerId, secret };
    const changed = await store.createEndpoint(tenantId, row).catch((error: unknown) => {
      this.#byToken.delete(token);
      throw error;
    });
    const opened = {
      endpoint: { ...presentEndpoint(changed.endpoint), ...shown },
      listener,
      close: () => this.#close(opened, token, caller),
    };
    this.#open.add(opened);
    const place = { endpointId: id, subscriptionVersion: changed.subscriptionVersion };
    try {
      await settled(this.#options, place, { keyId, tenantId, outcome: "created" });
    } catch (error) {
      await opened.close();
      throw error;
    }
    return opened;
  }

  /** What the receiver behind a token answers; 410 where there is none: the endpoint of a process that was killed ends so. */
  async relay(token: string, headers: Readonly<Record<string, string>>, body: string): Promise<RelayedAnswer> {
    return (await this.#byToken.get(token)?.relay(headers, body)) ?? gone;
  }

  #close(opened: OpenedListener, token: string, { tenantId, keyId, partnerId }: Caller): Promise<void> {
    if (!this.#open.delete(opened)) return Promise.resolve();
    opened.listener.close();
    const closing = this.#options.store.deleteEndpoint(tenantId, opened.endpoint.id, partnerId).then(
      () => void this.#byToken.delete(token),
      (err: unknown) => {
        // Its next webhook is answered 410, which disables it.
        this.#byToken.delete(token);
        this.#options.logger.warn({ err, endpointId: opened.endpoint.id, keyId }, "listen.endpoint-not-deleted");
      },
    );
    this.#closing.add(closing);
    return closing.finally(() => this.#closing.delete(closing));
  }
}
