import { mkdirSync, statfsSync } from "node:fs";

/** A new database and a new broker take 65 MB; below this they would fail in the middle, each in words of its own. */
const freeMinBytes = 200_000_000;

/** The disk has no room for what is to be started. */
class DiskFull extends Error {
  override readonly name = "DiskFull";
  readonly remedy: string;

  constructor(folder: string, freeBytes: number) {
    super(`The disk is full: ${megabytes(freeBytes)} are free for ${folder}.`);
    this.remedy = `Free some space: at least ${megabytes(freeMinBytes)} are needed.`;
  }
}

/** Sees that the folder's disk has room. @throws {DiskFull} */
export function checkDisk(folder: string, minBytes = freeMinBytes): void {
  mkdirSync(folder, { recursive: true });
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize < minBytes) throw new DiskFull(folder, bavail * bsize);
}

const megabytes = (bytes: number): string => `${Math.floor(bytes / 1e6)} MB`;
