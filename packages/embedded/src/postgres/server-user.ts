import { chownSync, readFileSync } from "node:fs";

interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

/** Users that a server may run as when we are root, best first: every Linux has the second. */
const candidates = ["postgres", "nobody"];

/**
 * PostgreSQL refuses to run as root. A root (of a container, of CI) therefore runs it as another user, which keeps
 * just the right to walk through root's own folders (CAP_DAC_OVERRIDE): a checkout under /root works as well.
 */
export function asServerUser(command: string, args: readonly string[]): { command: string; args: string[] } {
  const user = serverUser();
  if (user === undefined) return { command, args: [...args] };
  const drop = [`--reuid=${user.uid}`, `--regid=${user.gid}`, "--clear-groups"];
  // Without the last, access(2), by which initdb looks for its siblings, would ignore the right.
  const keep = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--securebits=+no_setuid_fixup"];
  return { command: "setpriv", args: [...drop, ...keep, command, ...args] };
}

/** Gives a folder to the user that the server runs as. */
export function giveToServerUser(folder: string): void {
  const user = serverUser();
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
}

function serverUser(): ServerUser | undefined {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return undefined;
  const users = readFileSync("/etc/passwd", "utf8").split("\n");
  for (const name of candidates) {
    const [, , uid, gid] = users.find((line) => line.startsWith(`${name}:`))?.split(":") ?? [];
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error("PostgreSQL can't run as root, and this system has no user `postgres` or `nobody`: add one.");
}
