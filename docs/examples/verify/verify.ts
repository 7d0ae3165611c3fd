import { createHmac, timingSafeEqual } from "node:crypto";

const toleranceSeconds = 300;

/** Whether a webhook is Postback's. `body`: the exact bytes that came. */
export function verify(secret: string, headers: Readonly<Record<string, string | undefined>>, body: Buffer): boolean {
  const { "webhook-id": id, "webhook-timestamp": timestamp = "", "webhook-signature": signatures = "" } = headers;
  if (id === undefined || !/^\d+$/.test(timestamp)) return false;
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > toleranceSeconds) return false;
  const key = Buffer.from(secret.replace("whsec_", ""), "base64");
  const expected = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest();
  return signatures.split(" ").some((signature) => {
    const [version, given = ""] = signature.split(",");
    const bytes = Buffer.from(given, "base64");
    return version === "v1" && bytes.length === expected.length && timingSafeEqual(bytes, expected);
  });
}
