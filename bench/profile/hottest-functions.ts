import { z } from "zod";

const profileSchema = z.object({
  nodes: z.array(
    z.object({
      id: z.int(),
      callFrame: z.object({ functionName: z.string(), url: z.string(), lineNumber: z.int() }),
    }),
  ),
  samples: z.array(z.int()),
  timeDeltas: z.array(z.number()),
});

export interface HotFunction {
  /** `name file:line`; `(garbage collector)`, `(program)` for native code. */
  readonly place: string;
  readonly selfUs: number;
}

/**
 * Where the time went, by self time, the most first; idling and the start of the profiler are left out. The time is that
 * of the wall, so a thread that waits for a core goes on counting: profile on a quiet machine.
 * @param profile https://chromedevtools.github.io/devtools-protocol/tot/Profiler/#type-Profile
 */
export function hottestFunctions(profile: unknown, count: number): HotFunction[] {
  const { nodes, samples, timeDeltas } = profileSchema.parse(profile);
  const places = new Map(nodes.map(({ id, callFrame }) => [id, placeOf(callFrame)]));
  const selfUs = new Map<string, number>();
  for (const [at, node] of samples.entries()) {
    const place = places.get(node) ?? "(unknown)";
    selfUs.set(place, (selfUs.get(place) ?? 0) + (timeDeltas[at] ?? 0));
  }
  return [...selfUs]
    .filter(([place]) => place !== "(idle)" && !place.startsWith("post node:inspector"))
    .map(([place, us]) => ({ place, selfUs: us }))
    .toSorted((a, b) => b.selfUs - a.selfUs)
    .slice(0, count);
}

function placeOf({ functionName, url, lineNumber }: { functionName: string; url: string; lineNumber: number }): string {
  const name = functionName || "(anonymous)";
  const file = url.replace(/^file:\/\//, "").replace(/^.*\/(?=(?:apps|packages|examples|node_modules)\/)/, "");
  // The protocol counts lines from 0.
  return file === "" ? name : `${name} ${file}:${lineNumber + 1}`;
}
