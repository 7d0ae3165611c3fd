/** The keys that secrets are sealed with; new ones are sealed with the first. Keys are 32 bytes (AES-256). */
export interface Keyring {
  readonly newest: string;
  readonly keys: ReadonlyMap<string, Buffer>;
}

/**
 * Reads `id:base64,id:base64`, the newest first.
 * @throws with the rule that is broken, never with the key
 */
export function parseKeyring(text: string): Keyring {
  const entries = text.split(",").map(parseEntry);
  const [first] = entries;
  if (!first) throw new Error("the keyring is empty");
  return { newest: first[0], keys: new Map(entries) };
}

function parseEntry(entry: string): [string, Buffer] {
  const match = /^\s*([a-z0-9-]{1,32}):([A-Za-z0-9+/]{43}=)\s*$/.exec(entry);
  if (!match?.[1] || !match[2]) {
    throw new Error("each key must be <id>:<32 bytes in base64>, ids of a-z, 0-9 and -, joined by commas");
  }
  return [match[1], Buffer.from(match[2], "base64")];
}
