/**
 * The lowest and the highest of the ids, for `id BETWEEN … AND …` in a statement that joins rows sent as JSON with a table
 * in ranges: by these two parameters the server leaves out, before it begins, the ranges that can't have any of them. The
 * join alone tells it only row by row, after it has set up each range.
 * @param ids in their canonical form, in which they sort as `uuid` does
 */
export function idSpan(ids: Iterable<string>): readonly [lowest: string, highest: string] {
  let lowest = highestId;
  let highest = lowestId;
  for (const id of ids) {
    if (id < lowest) lowest = id;
    if (id > highest) highest = id;
  }
  return [lowest, highest];
}

/** Of no ids: a span that has nothing in it. */
const lowestId = "00000000-0000-0000-0000-000000000000";
const highestId = "ffffffff-ffff-ffff-ffff-ffffffffffff";
