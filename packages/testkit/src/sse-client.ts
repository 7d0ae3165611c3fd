/** One dispatched block of a stream of Server-Sent Events. */
export interface SseMessage {
  /** The last event id as it stood then. */
  id: string;
  event: string;
  data: string;
}

/** A client of Server-Sent Events, as an EventSource is one; it does not connect again by itself. */
export class SseClient implements AsyncDisposable {
  readonly status: number;
  readonly messages: SseMessage[] = [];
  /** Resolves when the stream has ended, however. */
  readonly ended: Promise<void>;
  /** Of every block, also one that dispatches nothing. */
  lastEventId = "";
  readonly #stop: AbortController;

  private constructor(response: Response, stop: AbortController) {
    this.status = response.status;
    this.#stop = stop;
    this.ended = this.#read(response);
  }

  static async open(url: string, headers: Record<string, string> = {}): Promise<SseClient> {
    const stop = new AbortController();
    const accept = { accept: "text/event-stream", ...headers };
    return new SseClient(await fetch(url, { headers: accept, signal: stop.signal }), stop);
  }

  /** The data of all events without a name, parsed. */
  events<T>(): T[] {
    return this.messages.filter(({ event }) => event === "message").map(({ data }) => JSON.parse(data) as T);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.ended;
  }

  async #read(response: Response): Promise<void> {
    let text = "";
    const decoder = new TextDecoder();
    try {
      for await (const chunk of response.body ?? []) {
        text += decoder.decode(chunk, { stream: true });
        const blocks = text.split("\n\n");
        text = blocks.pop() ?? "";
        for (const block of blocks) this.#dispatch(block);
      }
    } catch {
      // Closed by this client, or cut off by the server: both are ends.
    }
  }

  #dispatch(block: string): void {
    const fields = block
      .split("\n")
      .map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]);
    const fieldOf = (name: string) => fields.find(([field]) => field === name)?.[1];
    this.lastEventId = fieldOf("id") ?? this.lastEventId;
    const data = fieldOf("data");
    if (data !== undefined) this.messages.push({ id: this.lastEventId, event: fieldOf("event") ?? "message", data });
  }
}
