/** Sets an entry that wasn't there, and drops the oldest so that the map holds at most `max`. */
export function addBounded<K, V>(map: Map<K, V>, key: K, value: V, max: number): void {
  for (const oldest of map.keys()) {
    if (map.size < max) break;
    map.delete(oldest);
  }
  map.set(key, value);
}
