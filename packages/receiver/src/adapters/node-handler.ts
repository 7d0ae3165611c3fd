import type { Answer, WebhookReceiver } from "../receive/create-receiver.ts";
import { readBytes, tooLarge } from "./read-bytes.ts";

/** As `http.IncomingMessage` has it; Express adds `body` where a parser ran before. */
export interface NodeRequest extends AsyncIterable<Uint8Array> {
  readonly headers: { readonly [name: string]: string | string[] | undefined };
  readonly body?: unknown;
}

/** As `http.ServerResponse` has it. */
export interface NodeResponse {
  writeHead(status: number, headers: Record<string, string>): { end(body?: string): unknown };
}

/** For `http.createServer` and for a route of Express: `app.post("/hooks", nodeHandler(receiver))`. */
export const nodeHandler =
  (receiver: WebhookReceiver) =>
  async (request: NodeRequest, response: NodeResponse): Promise<void> => {
    const { status, body } = await answerTo(receiver, request, request.body);
    // What is left of a body that was too large isn't waited for.
    const headers: Record<string, string> = status === 413 ? { connection: "close" } : {};
    response.writeHead(status, status === 204 ? headers : { ...headers, "content-type": "text/plain" }).end(body);
  };

/** @param parsed what a body parser left: bytes or text will do, an object has lost them */
export async function answerTo(receiver: WebhookReceiver, request: NodeRequest, parsed: unknown): Promise<Answer> {
  const { headers } = request;
  try {
    const body = parsed === undefined ? await readBytes(request, receiver.bodyMaxBytes) : exact(parsed);
    return body === undefined ? tooLarge(receiver.bodyMaxBytes) : await receiver.receive({ body, headers });
  } catch (error) {
    return receiver.failed(error);
  }
}

function exact(parsed: unknown): Uint8Array | string {
  if (parsed instanceof Uint8Array || typeof parsed === "string") return parsed;
  throw new Error(
    "the body was parsed before the webhook was verified, and its bytes are gone: put the handler before the parser, " +
      'or use one that keeps them, as express.raw({ type: "application/json" }) does',
  );
}
