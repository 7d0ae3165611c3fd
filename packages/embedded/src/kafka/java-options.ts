/**
 * "test": starts quickest and takes the least, for little traffic. "load": sustains traffic in at most 600 MiB in all,
 * for development and the bench.
 */
export type KafkaProfile = "test" | "load";

interface Profile {
  readonly heapMaxMb: number;
  readonly options: readonly string[];
}

/**
 * Resident memory, measured with Kafka 4.4.0 on Java 17, one node, 48 partitions, on 2 cores: test 165 MiB after the
 * start; load 177 MiB after the start, 409 MiB at most at 53,000 messages/s of 500 bytes written and read.
 */
const profiles: Readonly<Record<KafkaProfile, Profile>> = {
  test: {
    heapMaxMb: 128,
    options: [
      "-XX:+UseSerialGC",
      // The second compiler needs minutes to pay; a test's broker lives for seconds.
      "-XX:TieredStopAtLevel=1",
    ],
  },
  load: {
    heapMaxMb: 320,
    options: [
      "-XX:+UseG1GC",
      "-XX:MaxGCPauseMillis=20",
      // The heap is not all: these three bound what else grows, so that the whole stays below 600 MiB.
      "-XX:ReservedCodeCacheSize=64m",
      "-XX:MaxMetaspaceSize=96m",
      "-XX:MaxDirectMemorySize=64m",
    ],
  },
};

const always = [
  // No files of performance counters in /tmp, which cost disk writes in the middle of pauses.
  "-XX:-UsePerfData",
  // A broker that has no memory left must end, so that it is seen; half of one can't be trusted.
  "-XX:+ExitOnOutOfMemoryError",
  // An archive made by another Java is passed over: that is as good as none, so it is no warning.
  "-Xlog:cds=off",
  "-Xlog:cds+dynamic=off",
  "-Djava.awt.headless=true",
];

export interface JavaMemory {
  readonly profile: KafkaProfile;
  /** Largest heap in MiB; default: the profile's. */
  readonly heapMaxMb?: number | undefined;
}

/** The options of `java` for a profile, without class path and archive. */
export function javaOptions({ profile, heapMaxMb }: JavaMemory): string[] {
  const { heapMaxMb: usualMb, options } = profiles[profile];
  return [`-Xmx${heapMaxMb ?? usualMb}m`, ...options, ...always];
}
