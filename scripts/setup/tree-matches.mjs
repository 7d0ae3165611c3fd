/**
 * Whether what is installed is what the lock file says, judged by the record that npm leaves in node_modules.
 * Something beside it does no harm; an optional package may be missing, since npm leaves out those of other platforms.
 *
 * @typedef {{ version?: string, resolved?: string, integrity?: string, link?: boolean, optional?: boolean, devOptional?: boolean }} LockEntry
 * @param {{ packages?: Record<string, LockEntry> }} lock package-lock.json
 * @param {{ packages?: Record<string, LockEntry> }} installed node_modules/.package-lock.json
 */
export function treeMatches(lock, installed) {
  const present = installed.packages ?? {};
  return Object.entries(lock.packages ?? {}).every(([path, wanted]) => {
    if (!path.includes("node_modules/")) return true;
    const found = present[path];
    if (found === undefined) return wanted.optional === true || wanted.devOptional === true;
    return found.version === wanted.version && found.integrity === wanted.integrity && found.link === wanted.link;
  });
}
