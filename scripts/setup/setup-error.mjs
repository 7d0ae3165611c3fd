/** A set-up that can't go on: what happened, and what the reader can do about it. */
export class SetupError extends Error {
  /**
   * @param {string} message what happened
   * @param {string} remedy what to do
   * @param {{ cause?: unknown }} [options]
   */
  constructor(message, remedy, options) {
    super(message, options);
    this.name = "SetupError";
    this.remedy = remedy;
  }
}

const diskFull = /ENOSPC|no space left on device|EDQUOT|disk quota exceeded/i;

/**
 * The two sentences that are shown for a failure. A full disk is recognized in any tool's output.
 *
 * @param {unknown} error
 * @returns {{ message: string, remedy: string }}
 */
export function explain(error) {
  const message = error instanceof Error ? error.message : String(error);
  if (diskFull.test(message)) {
    return {
      message,
      remedy:
        "The disk is full. Postback needs about 1.2 GB: free some space, or point POSTBACK_CACHE (Kafka) and TMPDIR at a larger disk, and run this again.",
    };
  }
  return {
    message,
    remedy: error instanceof SetupError ? error.remedy : "Run it again; what is done is not repeated.",
  };
}
