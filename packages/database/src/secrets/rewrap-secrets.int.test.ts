import { randomBytes } from "node:crypto";
import { newId } from "@postback/domain";
import { expect, it } from "vitest";
import { createEndpoint } from "../endpoints/create-endpoint.ts";
import { useDatabase } from "../test-rig.ts";
import { aTenant } from "../test-rows.ts";
import { countSealed } from "./count-sealed.ts";
import { findSecrets } from "./find-secrets.ts";
import { type Keyring, parseKeyring } from "./keyring.ts";
import { type RewrappedBatch, rewrapSecrets } from "./rewrap-secrets.ts";
import { openSecret, sealSecret } from "./seal-secret.ts";

const rig = useDatabase();
const key = (id: string) => `${id}:${randomBytes(32).toString("base64")}`;
const [k1, k2, k3] = [key("k1"), key("k2"), key("k3")];

async function endpointUnder(keyring: Keyring, text: string) {
  const place = { tenantId: await aTenant(rig.db), endpointId: newId(), version: 1 };
  const secret = { ...sealSecret(keyring, text, place), algorithm: "v1" as const };
  const url = "https://partner.example/hook";
  await createEndpoint(rig.db, place.tenantId, { id: place.endpointId, url, events: ["**"], secret });
  return place;
}

async function rewrapAll(keyring: Keyring, batchMax: number): Promise<RewrappedBatch[]> {
  const batches: RewrappedBatch[] = [];
  for (let after: RewrappedBatch["next"]; ; ) {
    const batch = await rewrapSecrets(rig.db, keyring, { after, batchMax });
    batches.push(batch);
    after = batch.next;
    if (after === undefined) return batches;
  }
}

const opens = async (keyring: Keyring, place: Awaited<ReturnType<typeof endpointUnder>>) => {
  const [row] = await findSecrets(rig.db, place.tenantId, place.endpointId);
  return row && openSecret(keyring, row, place);
};

it("seals all anew in batches; what they are stays, and the old key is needed no more", async () => {
  const places = await Promise.all([1, 2, 3, 4, 5].map((n) => endpointUnder(parseKeyring(k1), `whsec_${n}`)));
  const both = parseKeyring(`${k2},${k1}`);
  const batches = await rewrapAll(both, 2);
  expect(batches.map(({ rewrapped }) => rewrapped)).toEqual([2, 2, 1]);
  expect(await Promise.all(places.map((place) => opens(parseKeyring(k2), place)))).toEqual(
    places.map((_, index) => `whsec_${index + 1}`),
  );
  expect(await countSealed(rig.db)).toEqual([{ keyId: "k2", count: 5 }]);
  expect(await rewrapAll(both, 2)).toEqual([{ rewrapped: 0, failed: [], next: undefined }]);
});

it("tells what it can't open, and seals the others anew", async () => {
  const lost = await endpointUnder(parseKeyring(k1), "whsec_lost");
  const fine = await endpointUnder(parseKeyring(k2), "whsec_fine");
  const batches = await rewrapAll(parseKeyring(`${k3},${k2}`), 1);
  expect(batches.flatMap(({ failed }) => failed)).toEqual([
    { place: lost, reason: expect.stringContaining('no key "k1"') },
  ]);
  expect(await opens(parseKeyring(k3), fine)).toBe("whsec_fine");
  expect(await opens(parseKeyring(k1), lost)).toBe("whsec_lost");
});

it("two at the same time do no harm", async () => {
  const places = await Promise.all([1, 2, 3].map((n) => endpointUnder(parseKeyring(k2), `whsec_twice-${n}`)));
  const both = parseKeyring(`${k3},${k2}`);
  await Promise.all([rewrapAll(both, 10), rewrapAll(both, 10)]);
  const opened = await Promise.all(places.map((place) => opens(parseKeyring(k3), place)));
  expect(opened).toEqual(["whsec_twice-1", "whsec_twice-2", "whsec_twice-3"]);
});
