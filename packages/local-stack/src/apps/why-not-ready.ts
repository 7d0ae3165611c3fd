const askTimeoutMs = 3_000;

/** Why `/readyz` says no, or why it doesn't answer; undefined when it says that the process is ready. */
export async function whyNotReady(healthUrl: string): Promise<string | undefined> {
  try {
    const answer = await fetch(`${healthUrl}/readyz`, { signal: AbortSignal.timeout(askTimeoutMs) });
    const body = await answer.text();
    return answer.ok ? undefined : body;
  } catch (error) {
    // Nothing listens yet, or it is busy starting: the caller asks again, and knows when to give up.
    return error instanceof Error ? `no answer at ${healthUrl} (${error.message})` : String(error);
  }
}
