import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { keptSecret } from "./kept-secret.ts";

const keyBytes = 32;

/** The keyring that endpoint secrets are sealed with, `dev:<base64>`; made once and kept in the folder. */
export function developmentKeyring(folder: string): string {
  return keptSecret(join(folder, "keyring"), () => `dev:${randomBytes(keyBytes).toString("base64")}`);
}
