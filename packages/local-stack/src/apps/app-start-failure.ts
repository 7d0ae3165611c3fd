/** What an app's log says when it can't start, and what to do about it. The first that matches counts. */
const advice: readonly (readonly [pattern: RegExp, advice: string])[] = [
  [/ENOSPC|no space left on device/i, "The disk is full: free some space and start again."],
  [/EADDRINUSE/, "Its port was taken by another program: start again, and another one is chosen; or change PORT."],
  [/catalog-|the catalog .* failed to load/, "The catalog can't be used: see the reason above, and POSTBACK_CATALOG."],
  [
    /this installation was made with/,
    "The data is of an installation with another number of partitions: set that number, or begin with an empty folder.",
  ],
  [/KafkaUnavailable|Kafka did not answer/, "Kafka can't be reached: see that KAFKA_BROKERS leads to one that runs."],
  [
    /ECONNREFUSED|password authentication failed|database ".*" does not exist/,
    "The database can't be reached: see that DATABASE_URL leads to one that runs, with its user and password.",
  ],
];
const otherwise = "The reason is in the log above.";

/** An app that did not become ready, with the end of its log and what to do. */
export class AppStartFailure extends Error {
  override readonly name = "AppStartFailure";

  constructor(reason: string, log: string, logFile: string) {
    super(`${reason}\n\n${log.trim() || "(it logged nothing)"}\n\n${adviceFor(log)} Whole log: ${logFile}`);
  }
}

function adviceFor(log: string): string {
  return advice.find(([pattern]) => pattern.test(log))?.[1] ?? otherwise;
}
