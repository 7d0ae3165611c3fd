import type { IncomingWebhook, WebhookAnswer } from "@postback/client";
import got, { RequestError } from "got";

/** Below the time that an attempt has at the server, so that the reason gets there, milliseconds. */
const answerMaxMs = 25_000;

/**
 * Posts a webhook to the receiver on this machine, headers and body unchanged: once, because Postback decides what is tried
 * again, and without following redirects, because dispatchers follow none. Never rejects.
 */
export async function forwardWebhook(url: string, { headers, body }: IncomingWebhook): Promise<WebhookAnswer> {
  try {
    const answer = await got.post(url, {
      headers,
      body: Buffer.from(body, "utf8"),
      timeout: { request: answerMaxMs },
      retry: { limit: 0 },
      followRedirect: false,
      throwHttpErrors: false,
      decompress: false,
    });
    return { status: answer.statusCode, body: answer.body };
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    return { status: 502, body: `${url} did not answer: ${error.code} ${error.message}` };
  }
}
