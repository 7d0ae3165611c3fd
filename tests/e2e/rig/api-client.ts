import type { CreateEndpoint, Delivery, Endpoint, Event, Operation, PublishEvent } from "@postback/contracts";

export interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

/** Longer than the API may take for any answer; without it a test would hang on one that never comes. */
const answerTimeoutMs = 10_000;

/** Postback's HTTP API, as a client with the development key sees it. */
export class ApiClient {
  readonly #url: string;
  readonly #authorization: string;

  constructor({ url, apiKey }: { readonly url: string; readonly apiKey: string }) {
    this.#url = url;
    this.#authorization = `Bearer ${apiKey}`;
  }

  /** Whatever the API answers. @throws when it doesn't answer: then nobody knows whether the write was taken */
  async ask<T>(method: string, path: string, json?: unknown): Promise<Answer<T>> {
    const answer = await fetch(`${this.#url}/v1${path}`, {
      method,
      headers: { authorization: this.#authorization, ...(json === undefined ? {} : contentType) },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      signal: AbortSignal.timeout(answerTimeoutMs),
    });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: (text === "" ? undefined : JSON.parse(text)) as T };
  }

  submit(type: string, input: object): Promise<Answer<Operation>> {
    return this.ask("POST", "/operations", { type, input });
  }

  /** A write that must be taken. */
  async accepted(type: string, input: object): Promise<Operation> {
    return expectStatus(202, await this.submit(type, input));
  }

  async operation(id: string): Promise<Operation> {
    return expectStatus(200, await this.ask<Operation>("GET", `/operations/${id}`));
  }

  async publish(event: PublishEvent): Promise<Event> {
    return expectStatus(202, await this.ask<Event>("POST", "/events", event));
  }

  /** With its secret. */
  async createEndpoint(endpoint: CreateEndpoint): Promise<Endpoint & { secret: string }> {
    const created = expectStatus(201, await this.ask<Endpoint>("POST", "/endpoints", endpoint));
    if (created.secret === undefined) throw new Error("a new endpoint was answered without its secret");
    return { ...created, secret: created.secret };
  }

  async endpoint(id: string): Promise<Endpoint> {
    return expectStatus(200, await this.ask<Endpoint>("GET", `/endpoints/${id}`));
  }

  async deleteEndpoint(id: string): Promise<void> {
    expectStatus(204, await this.ask("DELETE", `/endpoints/${id}`));
  }

  async delivery(id: string): Promise<Delivery> {
    return expectStatus(200, await this.ask<Delivery>("GET", `/deliveries/${id}`));
  }

  /** All of them, page by page, the newest events first. */
  async deliveriesOf(endpointId: string): Promise<Delivery[]> {
    const deliveries: Delivery[] = [];
    for (let cursor = ""; ; ) {
      const path = `/endpoints/${endpointId}/deliveries?limit=200${cursor}`;
      const page = expectStatus(200, await this.ask<{ data: Delivery[]; nextCursor?: string }>("GET", path));
      deliveries.push(...page.data);
      if (page.nextCursor === undefined) return deliveries;
      cursor = `&cursor=${encodeURIComponent(page.nextCursor)}`;
    }
  }
}

const contentType = { "content-type": "application/json" };

function expectStatus<T>(expected: number, { status, body }: Answer<T>): T {
  if (status === expected) return body;
  throw new Error(`the API answered ${status} where ${expected} was due: ${JSON.stringify(body)}`);
}
