import { randomBytes } from "node:crypto";

/** A prefix for topics and groups that no other test file uses: files share one broker and never meet. */
export function testTopicPrefix(): string {
  return `t${randomBytes(5).toString("hex")}.`;
}
