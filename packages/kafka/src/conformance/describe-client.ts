import { describe } from "vitest";
import { describeCommits } from "./commits.ts";
import { describeFailures } from "./failures.ts";
import { describeMembership } from "./membership.ts";
import { describePauses } from "./pauses.ts";
import type { Client } from "./rig.ts";
import { describeSending } from "./sending.ts";

/**
 * What every adapter of the port must keep, on a real broker. Losing leaders needs a cluster: `failover.long.ts`.
 */
export function describeClient(name: string, client: Client): void {
  describe(name, () => {
    describeSending(client);
    describeCommits(client);
    describePauses(client);
    describeMembership(client);
    describeFailures(client);
  });
}
