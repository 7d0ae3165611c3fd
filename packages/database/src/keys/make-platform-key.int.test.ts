import { readApiKey } from "@postback/domain";
import { expect, it } from "vitest";
import { useDatabase } from "../test-rig.ts";
import { findApiKey } from "./find-api-key.ts";
import { makePlatformKey, platformTenant } from "./make-platform-key.ts";
import { revokeApiKey } from "./revoke-api-key.ts";

const rig = useDatabase();

it("makes one key of the platform, another only when that is meant, and one again after all were revoked", async () => {
  const make = (another: boolean) => makePlatformKey(rig.db, { env: "live", another });
  const first = await make(false);
  const keyId = readApiKey(first.kind === "made" ? first.apiKey : "")?.keyId ?? "";
  expect(await findApiKey(rig.db, keyId)).toMatchObject({ scopes: ["platform"], tenantId: platformTenant.id });
  expect(await make(false)).toEqual({ kind: "exists", keyIds: [keyId] });
  const second = await make(true);
  const secondId = readApiKey(second.kind === "made" ? second.apiKey : "")?.keyId ?? "";
  expect(secondId).not.toBe(keyId);
  for (const id of [keyId, secondId]) expect(await revokeApiKey(rig.db, platformTenant.id, id)).toBe(true);
  expect((await make(false)).kind).toBe("made");
});
