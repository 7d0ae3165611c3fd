import { beforeEach, describe, expect, it } from "vitest";
import { deleteEndpoint } from "../endpoints/delete-endpoint.ts";
import { findEndpoint } from "../endpoints/find-endpoint.ts";
import { updateEndpoint } from "../endpoints/update-endpoint.ts";
import { useDatabase } from "../test-rig.ts";
import { anEndpoint, type EndpointKey } from "../test-rows.ts";
import { claimHandshakes } from "./claim-handshakes.ts";
import { failHandshake, verifyEndpoint } from "./settle-handshake.ts";

const rig = useDatabase();
beforeEach(() => rig.query("UPDATE endpoints SET handshake_due_at = NULL WHERE handshake_due_at IS NOT NULL"));

const url = "https://partner.example/hook";

const anUnverified = (ratePerSecond: number | null = null) =>
  anEndpoint(rig.db, { url, ratePerSecond, handshake: true });
const claim = (limit = 10, leaseMs = 60_000) => claimHandshakes(rig.db, { limit, leaseMs });
const find = async ({ tenantId, endpointId }: EndpointKey) => await findEndpoint(rig.db, tenantId, endpointId);

describe("an endpoint whose receiver is asked first", () => {
  it("is disabled as unverified, and due at once; one without a handshake is neither", async () => {
    const endpoint = await anUnverified(2);
    const plain = await anEndpoint(rig.db);
    expect(await find(endpoint)).toMatchObject({
      enabled: false,
      disabledReason: "unverified",
      handshakeStatus: "pending",
    });
    expect(await find(plain)).toMatchObject({ enabled: true, handshakeStatus: null });
    expect(await claim()).toEqual([{ ...endpoint, url, headers: null, ratePerSecond: 2, attempt: 1 }]);
  });

  it("is taken by one at a time, and again when its lease has ended", async () => {
    await Promise.all([anUnverified(), anUnverified(), anUnverified()]);
    const taken = await Promise.all([claim(2), claim(2)]);
    expect(new Set(taken.flat().map(({ endpointId }) => endpointId)).size).toBe(3);
    expect(taken.flat()).toHaveLength(3);
    expect(await claim()).toEqual([]);
    await anUnverified();
    expect(await claim(1, -1000)).toMatchObject([{ attempt: 1 }]);
    expect(await claim()).toMatchObject([{ attempt: 2 }]);
  });

  it.each([
    [null, null, null],
    [null, 2, 2],
    [5, 2, 2],
    [1, 2, 1],
    [1, null, 1],
  ])("is told once it has agreed: of its own %j and the allowed %j a second, %j", async (own, allowed, rate) => {
    const endpoint = await anUnverified(own);
    expect(await verifyEndpoint(rig.db, { ...endpoint, url }, allowed)).toBe(true);
    expect(await find(endpoint)).toMatchObject({
      enabled: true,
      disabledReason: null,
      handshakeStatus: "verified",
      ratePerSecond: rate,
    });
    expect(await claim()).toEqual([]);
    expect(await verifyEndpoint(rig.db, { ...endpoint, url }, allowed)).toBe(false);
  });

  it("is asked again later, and in the end no more, until somebody enables it: then from the beginning", async () => {
    const endpoint = await anUnverified();
    await claim();
    await failHandshake(rig.db, { ...endpoint, url }, "unreachable: dns", -1000);
    expect(await find(endpoint)).toMatchObject({ handshakeStatus: "pending", handshakeReason: "unreachable: dns" });
    expect(await claim()).toMatchObject([{ attempt: 2 }]);
    await failHandshake(rig.db, { ...endpoint, url }, "unreachable: dns", null);
    expect(await find(endpoint)).toMatchObject({ handshakeStatus: "failed", enabled: false });
    expect(await claim()).toEqual([]);
    const { tenantId, endpointId } = endpoint;
    const changed = await updateEndpoint(rig.db, tenantId, endpointId, { enabled: true });
    expect(changed?.endpoint).toMatchObject({ enabled: false, disabledReason: "unverified", handshakeReason: null });
    expect(await claim()).toMatchObject([{ attempt: 1 }]);
  });

  it("that has agreed is asked anew for another URL, and what was said of the old one counts for nothing", async () => {
    const endpoint = await anUnverified();
    await verifyEndpoint(rig.db, { ...endpoint, url }, null);
    const { tenantId, endpointId } = endpoint;
    const { endpoint: renamed } = (await updateEndpoint(rig.db, tenantId, endpointId, { description: "x" })) ?? {};
    expect(renamed).toMatchObject({ enabled: true, handshakeStatus: "verified" });
    const moved = `${url}/new`;
    const { endpoint: row } = (await updateEndpoint(rig.db, tenantId, endpointId, { url: moved })) ?? {};
    expect(row).toMatchObject({ enabled: false, disabledReason: "unverified", disabledAt: expect.any(Date) });
    expect(await verifyEndpoint(rig.db, { ...endpoint, url }, null)).toBe(false);
    expect(await failHandshake(rig.db, { ...endpoint, url }, "no", null)).toBe(false);
    expect(await claim()).toMatchObject([{ url: moved, attempt: 1 }]);
    expect(await verifyEndpoint(rig.db, { ...endpoint, url: moved }, null)).toBe(true);
  });

  it("that has agreed and was disabled is enabled without being asked again", async () => {
    const endpoint = await anUnverified();
    await verifyEndpoint(rig.db, { ...endpoint, url }, null);
    const { tenantId, endpointId } = endpoint;
    await updateEndpoint(rig.db, tenantId, endpointId, { enabled: false });
    const enabled = await updateEndpoint(rig.db, tenantId, endpointId, { enabled: true });
    expect(enabled?.endpoint).toMatchObject({ enabled: true, handshakeStatus: "verified" });
  });

  it("is not asked any more once it is deleted", async () => {
    const endpoint = await anUnverified();
    await deleteEndpoint(rig.db, endpoint.tenantId, endpoint.endpointId);
    expect(await claim()).toEqual([]);
    expect(await verifyEndpoint(rig.db, { ...endpoint, url }, null)).toBe(false);
  });
});
