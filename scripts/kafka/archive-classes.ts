/** Makes the class archive of the Kafka in a cache folder; scripts/setup.mjs runs this with Node 26. */
import { archiveKafkaClasses } from "@postback/embedded";

const [cacheDir] = process.argv.slice(2);
if (cacheDir === undefined) throw new Error("Usage: node scripts/kafka/archive-classes.ts <cache folder>");
await archiveKafkaClasses(cacheDir);
