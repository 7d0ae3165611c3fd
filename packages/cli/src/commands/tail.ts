import type { Command } from "../command.ts";
import { parseEntity } from "../parse-entity.ts";
import { parseTime } from "../parse-time.ts";
import { eventLine } from "./follow.ts";

export const tail: Command = {
  name: "tail",
  summary: "Show the tenant's events as they come",
  args: [],
  options: {
    types: { type: "string", value: "PATTERN", multiple: true, description: "Only these event types, like order.*" },
    entity: { type: "string", value: "TYPE:ID", description: "Only those of one entity" },
    since: { type: "string", value: "TIME", description: "From a time on: 2026-11-24T09:30:00Z, or 15m, 2h, 3d ago" },
    cursor: { type: "string", value: "TEXT", description: "Go on after it; --json shows it with each event" },
  },
  examples: ["postback tail --types 'order.*' --since 1h", "postback tail --json | jq .event.type"],
  async run({ client, out, json, given, signal, now }) {
    const [entity, since] = [given.text("entity"), given.text("since")];
    const types = given.list("types");
    const query = {
      ...(types.length === 0 ? {} : { types }),
      ...(entity === undefined ? {} : { entity: parseEntity(entity) }),
      ...(since === undefined ? {} : { since: parseTime(since, "since", now()) }),
      cursor: given.text("cursor"),
    };
    for await (const told of client.events.follow(query, { signal })) {
      if (told.kind === "resync") out.note("Events before this are lost to you: they are older than what is kept.");
      else out.line(json ? JSON.stringify({ event: told.event, cursor: told.cursor }) : eventLine(told.event));
    }
    return 0;
  },
};
