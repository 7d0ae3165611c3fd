import { topicNames } from "@postback/contracts";
import { type Database, daysAhead } from "@postback/database";
import { checkTopics, describeTopics, type KafkaConnection } from "@postback/kafka";
import type { ReadinessCheck } from "@postback/runtime";
import type { IngestConfig } from "./config.ts";

/** Rows can be written for so many days at least, or somebody has to be told (design §8). */
const daysAheadMin = 2;
/** An answer is good for this long, so that frequent probes don't become load, milliseconds. */
const keptMs = 2000;
/** In production an acknowledged message must survive the loss of one broker (design §7). */
const production = { replicationFactorMin: 3, minInsyncReplicasMin: 2 };

/**
 * What `/readyz` asks. Ingest lives on Kafka alone: without Postgres it still accepts, so that is reported only. Missing
 * ranges are known while Postgres answers; without it nothing is said about them.
 */
export function readinessChecks(config: IngestConfig, kafka: KafkaConnection, db: Database): ReadinessCheck[] {
  const { commands, events } = topicNames(config.TOPIC_PREFIX);
  const expected = [commands, events].map((name) => ({
    name,
    partitions: config.PARTITIONS,
    ...(config.POSTBACK_ENV === "production" ? production : {}),
  }));
  const topics = kept(async () => {
    const problems = checkTopics(await describeTopics(kafka, [commands, events]), expected);
    return problems.length === 0 ? undefined : problems.join("; ");
  });
  const postgres = kept(() => reasonOf(() => db.pool.query("SELECT 1")));
  const ranges = kept(async () => {
    if ((await postgres()) !== undefined) return undefined;
    const days = await daysAhead(db);
    return days >= daysAheadMin
      ? undefined
      : `rows can be written for ${days.toFixed(1)} days only, ${daysAheadMin} are needed`;
  });
  return [
    { name: "kafka", required: true, check: topics },
    { name: "postgres", required: false, check: postgres },
    { name: "ranges", required: true, check: ranges },
  ];
}

async function reasonOf(work: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message || error.name : String(error);
  }
}

type Check = () => Promise<string | undefined>;

/** Asks at most once in {@link keptMs}; those that ask meanwhile get the same answer. */
function kept(check: Check): Check {
  let answer: Promise<string | undefined> | undefined;
  let askedAtMs = 0;
  return () => {
    if (answer === undefined || performance.now() - askedAtMs > keptMs) {
      askedAtMs = performance.now();
      answer = check();
    }
    return answer;
  };
}
