import type { IncomingMessage } from "node:http";
import { Refusal } from "../refusal.ts";

/** The client went away before its request was whole: there is nobody to answer. */
export class ClientGone extends Error {
  override readonly name = "ClientGone";
  readonly code = "client-gone";
}

/** What of a body that is too large is read and thrown away, so that the client gets to read the answer. */
const discardMaxBytes = 1024 * 1024;
const discardMaxMs = 500;

/**
 * Reads a whole body into memory, at most `maxBytes`. Own code instead of a body parser, because the hot routes pay for
 * every layer.
 * @throws {Refusal} body-too-large, by Content-Length before anything is read, else when the bytes pass the bound
 * @throws {ClientGone}
 */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  if (Number(request.headers["content-length"]) > maxBytes) return refuseTooLarge(request, maxBytes);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const onData = (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maxBytes) return void chunks.push(chunk);
      request.off("data", onData).off("end", onEnd).off("close", onClose);
      refuseTooLarge(request, maxBytes).catch(reject);
    };
    const onEnd = () => {
      request.off("close", onClose);
      resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, bytes));
    };
    const onClose = () => reject(new ClientGone("the client closed the connection before its body was whole"));
    request.on("data", onData).on("end", onEnd).on("close", onClose);
  });
}

/** A server that closes while the client still writes makes a reset of its answer: so some of the rest is read first. */
async function refuseTooLarge(request: IncomingMessage, maxBytes: number): Promise<never> {
  await discard(request);
  throw new Refusal("body-too-large", `The body may have ${maxBytes} bytes at most.`, {
    headers: { connection: "close" },
  });
}

function discard(request: IncomingMessage): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let bytes = 0;
  const timer = setTimeout(resolve, discardMaxMs);
  request.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > discardMaxBytes) resolve();
  });
  request.on("end", resolve).on("close", resolve);
  return promise.finally(() => {
    clearTimeout(timer);
    request.removeAllListeners("data").pause();
  });
}
