import { Agent, get } from "node:http";

/** None is used twice, and as many as are asked for may be open. */
const agent = new Agent({ keepAlive: false, maxSockets: Number.POSITIVE_INFINITY });
const blockEnd = "\n\n";

/** A stream of Server-Sent Events. */
export interface OpenedStream {
  readonly isOpen: boolean;
  close(): void;
}

/**
 * Resolves when the head has come.
 * @param onBlock gets each block of the stream, heartbeats too
 * @throws Error when it is answered otherwise than 200
 */
export function openStream(
  { url, apiKey }: { url: string; apiKey: string },
  path: string,
  onBlock: (block: string) => void,
): Promise<OpenedStream> {
  const { promise, resolve, reject } = Promise.withResolvers<OpenedStream>();
  const headers = { authorization: `Bearer ${apiKey}`, accept: "text/event-stream" };
  const request = get(`${url}${path}`, { agent, headers }, (response) => {
    if (response.statusCode !== 200) {
      request.destroy(new Error(`${path} was answered ${response.statusCode}`));
      return;
    }
    let rest = "";
    let isOpen = true;
    response.setEncoding("utf8").on("data", (text: string) => {
      const blocks = (rest + text).split(blockEnd);
      rest = blocks.pop() ?? "";
      for (const block of blocks) onBlock(block);
    });
    const end = () => {
      isOpen = false;
    };
    // Cut off or closed here: either way it is open no more, which is what is counted.
    response.on("error", end).on("close", end);
    resolve({
      get isOpen() {
        return isOpen;
      },
      close: () => void request.destroy(),
    });
  });
  request.on("error", reject);
  return promise;
}
