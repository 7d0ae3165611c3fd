/** What the logs of a broker say when it can't start, and what to do about it. The first that matches counts. */
const advice: readonly (readonly [pattern: RegExp, advice: string])[] = [
  [
    /no space left on device|ENOSPC|disk quota exceeded/i,
    "The disk is full: free some space, or choose a data folder on a larger disk.",
  ],
  [
    /address already in use|BindException|EADDRINUSE/i,
    "The port is taken: stop what listens there, or choose another port.",
  ],
  [
    /lock file .* already exists|Failed to acquire lock|pre-existing shared memory block/i,
    "Another instance works on the same data folder: stop that one first.",
  ],
  [
    /UnsupportedClassVersionError|Unrecognized VM option/,
    "This Java is too old or of another make: install Java 17 or newer and see that JAVA_HOME or PATH leads to it.",
  ],
  [
    /OutOfMemoryError|Cannot allocate memory|insufficient memory|could not map anonymous shared memory/i,
    "The memory doesn't suffice: close other programs, or give a larger heapMaxMb.",
  ],
  [
    /Could not find or load main class|NoClassDefFoundError|ClassNotFoundException/,
    "Kafka's jars are incomplete: remove .postback/kafka and run `node scripts/setup.mjs`.",
  ],
  [
    /incompatible with server|initialized by PostgreSQL version|different cluster|doesn't match stored clusterId|Invalid cluster\.id/i,
    "The data folder is of another version or cluster: move it away to begin with an empty one.",
  ],
  [
    /error while loading shared libraries|Library not loaded/,
    "A library of PostgreSQL is missing: run `node scripts/setup.mjs` after removing node_modules.",
  ],
  [/permission denied|EACCES/i, "A folder can't be entered or written by this user: see the path above."],
];

const otherwise =
  "Read the log above. Or use brokers of your own: `docker compose up -d`, and set KAFKA_BROKERS and DATABASE_URL.";

/** A broker that did not start, with the end of its log and what to do. */
export class StartFailure extends Error {
  constructor(reason: string, log: string, logFile?: string) {
    const shown = log.trim() === "" ? "(it logged nothing)" : log.trim();
    super(`${reason}\n\n${shown}\n\n${adviceFor(log)}${logFile === undefined ? "" : ` Whole log: ${logFile}`}`);
    this.name = "StartFailure";
  }
}

/** What to do about a failure, by what the log says. */
export function adviceFor(log: string): string {
  return advice.find(([pattern]) => pattern.test(log))?.[1] ?? otherwise;
}
