import { type CommandRow, rowOfCommand } from "@postback/database";
import { newId } from "@postback/domain";
import type { Emitted } from "@postback/operations";
import { expect, test } from "vitest";
import { EventNumbers } from "../publish/event-numbers.ts";
import { drawEvents } from "./draw-events.ts";

const [submitter, other] = [newId(), newId()];

function audiencesOf(audience: readonly string[] | undefined, emitted: readonly Partial<Emitted>[]) {
  const command: CommandRow = {
    tenantId: newId(),
    id: newId(),
    type: "order.place",
    revision: 1,
    entityType: "order",
    entityId: "1",
    partition: 0,
    logOffset: 0,
    hash: "",
    input: "{}",
    acceptedAtMs: 0,
    steps: [],
    audience,
  };
  const events = emitted.map((each) => ({ type: "order.placed", data: {}, ...each }));
  const { rows } = drawEvents(events, rowOfCommand(command), new EventNumbers(1n), new Date(0));
  return rows.map((row) => row.audience);
}

test("events of a partner's operation are for that partner, unless the step says otherwise", () => {
  const told = [{}, { audience: "everyone" as const }, { audience: [other] }, { audience: [] }];
  expect(audiencesOf([submitter], told)).toEqual([[submitter], undefined, [other], []]);
});

test("events of the tenant's own operation are for everyone, unless the step says otherwise", () => {
  expect(audiencesOf(undefined, [{}, { audience: [other] }])).toEqual([undefined, [other]]);
});
