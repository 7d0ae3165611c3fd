/** One block of a stream of Server-Sent Events; a block without data moves the place on alone. */
export interface StreamBlock {
  /** The last event id as it stood after this block; empty before the first. */
  readonly id: string;
  readonly event: string;
  readonly data: string | undefined;
}

/** A server of ours sends no larger block; what is longer is none of it. Characters. */
const blockMaxChars = 4 * 1024 * 1024;

/**
 * The blocks of a stream (WHATWG HTML §9.2.6) until it ends or breaks off.
 * @throws when the connection breaks, or a block is larger than a server of ours sends
 */
export async function* readEventStream(body: AsyncIterable<Uint8Array>): AsyncGenerator<StreamBlock, void> {
  const decoder = new TextDecoder();
  let text = "";
  let id = "";
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    // A line end may be halved by a chunk: a last \r waits for what follows.
    const whole = text.endsWith("\r") ? text.slice(0, -1) : text;
    const blocks = whole.replaceAll(/\r\n?/g, "\n").split("\n\n");
    text = (blocks.pop() ?? "") + text.slice(whole.length);
    if (text.length > blockMaxChars)
      throw new Error(`a block of the stream is longer than ${blockMaxChars} characters`);
    for (const block of blocks) {
      const read = readBlock(block, id);
      id = read.id;
      yield read;
    }
  }
}

function readBlock(block: string, lastId: string): StreamBlock {
  let id = lastId;
  let event = "message";
  const data: string[] = [];
  for (const line of block.split("\n")) {
    const [, field = "", value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === "id" && !value.includes("\0")) id = value;
    if (field === "event") event = value;
    if (field === "data") data.push(value);
  }
  return { id, event, data: data.length === 0 ? undefined : data.join("\n") };
}
