import { type Database, requirePartitions } from "@postback/database";
import type { Logger } from "@postback/runtime";
import { isAway } from "./is-away.ts";

/**
 * Refuses to start on another number of partitions than the installation was made with: an entity's commands would go to
 * another partition and overtake those that are in the old one. With Postgres away the number can't be asked, and
 * `/readyz` still compares it with the topics.
 * @throws when the numbers differ
 */
export async function comparePartitions(db: Database, configured: number, logger: Logger): Promise<void> {
  try {
    await requirePartitions(db, configured);
  } catch (error) {
    if (!isAway(error)) throw error;
    logger.warn({ err: error }, "partitions.not-compared");
  }
}
