import type { Command } from "../command.ts";
import { table } from "../output/table.ts";

export const lag: Command = {
  name: "lag",
  summary: "Show how far the consumer groups are behind (scope operator or platform)",
  args: [],
  options: { partitions: { type: "boolean", description: "Of each partition that is behind" } },
  examples: ["postback lag --partitions"],
  async run({ client, out, json, given, signal }) {
    const { data } = await client.call("GET /v1/lag", {}, { signal });
    if (json) {
      for (const group of data) out.line(JSON.stringify(group));
      return 0;
    }
    const rows = data.flatMap(({ group, topic, behind, takenPerSecond, partitions }) => [
      [group, topic, "all", String(behind), String(takenPerSecond)],
      ...(given.flag("partitions") ? partitions.filter((each) => each.behind > 0) : []).map((each) => [
        group,
        topic,
        String(each.partition),
        String(each.behind),
        String(each.takenPerSecond),
      ]),
    ]);
    out.line(table(["group", "topic", "partition", "behind", "taken/s"], rows));
    return 0;
  },
};
