import type { Answer, WebhookReceiver } from "../receive/create-receiver.ts";
import { readBytes, tooLarge } from "./read-bytes.ts";

/** For whatever takes a `Request` and gives a `Response`: Hono, Next.js, Bun, Deno, workers. */
export const fetchHandler =
  (receiver: WebhookReceiver) =>
  async (request: Request): Promise<Response> => {
    const { status, body } = await answerTo(receiver, request);
    return new Response(status === 204 ? null : body, { status });
  };

async function answerTo(receiver: WebhookReceiver, { headers, body }: Request): Promise<Answer> {
  try {
    const bytes = body === null ? new Uint8Array() : await readBytes(chunksOf(body), receiver.bodyMaxBytes);
    return bytes === undefined ? tooLarge(receiver.bodyMaxBytes) : await receiver.receive({ body: bytes, headers });
  } catch (error) {
    return receiver.failed(error);
  }
}

/** By its reader: not every runtime's streams can be iterated over. */
async function* chunksOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } finally {
    await reader.cancel();
  }
}
