import { describe, expect, it } from "vitest";
import { useDatabase } from "../test-rig.ts";
import { anEvent, outcomesOf } from "../test-rows.ts";
import { claimEvents } from "./claim-events.ts";
import { recordOutcomes } from "./record-outcomes.ts";

const rig = useDatabase();
const claim = async (...events: Parameters<typeof claimEvents>[1]) => {
  const claimed = await claimEvents(rig.db, events);
  return events.filter(({ tenantId, id }) => claimed.has(`${tenantId}/${id}`)).map(({ id }) => id);
};

describe("an event whose id a client made", () => {
  it("belongs to its first place in the log, and to no other", async () => {
    const event = anEvent({ partition: 3, logOffset: 7, body: '{"first":true}' });
    expect(await claim(event)).toEqual([event.id]);
    expect(await claim({ ...event, logOffset: 8, body: '{"second":true}' })).toEqual([]);
    expect(await claim({ ...event, partition: 4 })).toEqual([]);
    const rows = await rig.query("SELECT partition, log_offset, body FROM events WHERE tenant_id = $1", [
      event.tenantId,
    ]);
    expect(rows).toEqual([{ partition: 3, log_offset: "7", body: '{"first":true}' }]);
  });

  it("is claimed again from the same place, so that a crash after the claim loses nothing", async () => {
    const event = anEvent({ partition: 3, logOffset: 7 });
    expect(await claim(event)).toEqual([event.id]);
    expect(await claim(event)).toEqual([event.id]);
  });

  it("is claimed or not for itself within one batch", async () => {
    const [first, taken, again] = [anEvent({ logOffset: 1 }), anEvent({ logOffset: 2 }), anEvent({ logOffset: 3 })];
    await claim(taken, again);
    const claimed = await claim(first, { ...taken, logOffset: 9 }, again);
    expect(claimed.toSorted()).toEqual([first.id, again.id].toSorted());
  });

  it("is nobody else's when an event of the service has the id already", async () => {
    const event = anEvent();
    await recordOutcomes(rig.db, outcomesOf([], { events: [event] }));
    expect(await claim({ ...event, logOffset: 0 })).toEqual([]);
  });

  it("is each tenant's own", async () => {
    const event = anEvent({ logOffset: 1 });
    const other = anEvent({ id: event.id, logOffset: 2 });
    expect(await claim(event)).toEqual([event.id]);
    expect(await claim(other)).toEqual([other.id]);
  });

  it.each([
    ["the same place is claimed by both", 7, true],
    ["another place is refused", 8, false],
  ])("that two dispatchers claim at the same time: %s", async (_, logOffset, isOurs) => {
    const event = anEvent({ partition: 3, logOffset: 7 });
    const first = await rig.connect();
    await first.query("BEGIN");
    await first.query(
      "INSERT INTO events (tenant_id, id, type, partition, log_offset, body, accepted_at) VALUES ($1, $2, 'order.placed', 3, 7, '{}', now())",
      [event.tenantId, event.id],
    );
    const second = claim({ ...event, logOffset });
    await rig.untilWaiting(1);
    await first.query("COMMIT");
    expect(await second).toEqual(isOurs ? [event.id] : []);
  });
});
