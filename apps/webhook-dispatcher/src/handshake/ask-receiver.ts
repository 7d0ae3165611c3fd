import type { DueHandshake } from "@postback/database";
import { type Consent, judgeConsent, requestedRate } from "@postback/domain";
import type { AgentPool } from "../send/agent-pool.ts";
import { type AttemptResult, requestOnce } from "../send/post-webhook.ts";

/** To the end of the answer. */
export const handshakeTimeoutMs = 10_000;

/**
 * Asks a receiver whether it wants webhooks from us: OPTIONS to the very URL (CloudEvents HTTP webhook 1.0.2 §4.1), as
 * guarded and bounded as a webhook. Never rejects.
 */
export async function askReceiver(agents: AgentPool, due: DueHandshake, origin: string): Promise<Consent> {
  const { endpointId, url, headers, ratePerSecond } = due;
  // Connections of its own: what is asked isn't the lane's, whose endpoint may have other settings by then.
  const endpoint = {
    id: `handshake/${endpointId}`,
    url,
    headers: headers ?? {},
    timeoutMs: handshakeTimeoutMs,
    concurrency: 1,
  };
  const asking: Record<string, string> = { "webhook-request-origin": origin };
  if (ratePerSecond !== null) asking["webhook-request-rate"] = requestedRate(ratePerSecond);
  let consent: Consent | undefined;
  const onAnswer = (_status: number, answer: Parameters<typeof judgeConsent>[0]) => {
    consent = judgeConsent(answer, origin);
  };
  const sent = await requestOnce({ agents, endpoint, method: "OPTIONS", headers: asking, body: null, onAnswer });
  return consent ?? { given: false, reason: whyUnanswered(sent) };
}

function whyUnanswered({ outcome }: AttemptResult): string {
  if (outcome.kind === "blocked") return `blocked: ${outcome.reason}`;
  return outcome.kind === "unreachable" ? `unreachable: ${outcome.cause}` : outcome.kind;
}
