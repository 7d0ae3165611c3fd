import type { AppProcess } from "@postback/local-stack";
import { type CommitBoundary, type Decide, eventually, type Interference } from "@postback/testkit";
import { expect } from "vitest";
import { type EndTimes, type OrderCase, orderEndsWhole, orderIdOf } from "./one-order.ts";
import type { ShopStack } from "./shop-stack.ts";
import type { ToldEvents } from "./told-events.ts";

/** A boundary on the way of a write: the n-th (from 1) commit of this statement by this process. */
interface Place {
  readonly app: AppProcess;
  readonly statement: string;
  readonly nth: number;
}

/** What an app does by the clock, and not because of a write. */
const byTheClock = /^(?:touch_|delete_old_)/;

/** Every boundary that a write passes when nothing goes wrong, found by letting one through. */
async function boundariesOf(shop: ShopStack, told: ToldEvents, write: OrderCase, times: EndTimes): Promise<Place[]> {
  // Connections are made and statements prepared; nothing of this one is committed later.
  await untilQuiet(shop, told, await orderEndsWhole(shop, told, write, times));
  const places: Place[] = [];
  const counts = new Map<string, number>();
  intercept(shop, (app, { statement }) => {
    const key = `${app.name} ${app.index} ${statement}`;
    const nth = (counts.get(key) ?? 0) + 1;
    counts.set(key, nth);
    places.push({ app, statement, nth });
    return undefined;
  });
  const id = await orderEndsWhole(shop, told, write, times);
  await untilQuiet(shop, told, id);
  return places;
}

/** Lets a write through, with an interference at one of its boundaries; it has to end whole all the same. */
async function endsWholeAt(
  shop: ShopStack,
  told: ToldEvents,
  write: OrderCase,
  { place, interference, ...times }: EndTimes & { readonly place: Place; readonly interference: Interference },
): Promise<void> {
  let count = 0;
  const isMet = () => count >= place.nth;
  intercept(shop, (app, { statement }) => {
    if (app !== place.app || statement !== place.statement) return undefined;
    count += 1;
    return count === place.nth ? interference : undefined;
  });
  const id = await orderEndsWhole(shop, told, write, times);
  await eventually(() => expect(isMet()).toBe(true), { timeoutMs: times.endMaxMs });
  intercept(shop, undefined);
  await untilQuiet(shop, told, place.statement === "move_watermarks" ? await tellMore(shop, id) : id);
}

/** Lets one write after another through, each broken at another of its boundaries, before it and after it. */
export async function endsWholeEverywhere(
  shop: ShopStack,
  told: ToldEvents,
  write: OrderCase,
  { breaks, ...times }: EndTimes & { readonly breaks: (place: Place) => Promise<"cut"> | "cut" },
): Promise<string[]> {
  const places = await boundariesOf(shop, told, write, times);
  const startedAtMs = performance.now();
  for (const place of places) {
    for (const side of ["before", "after"]) {
      await endsWholeAt(shop, told, write, { ...times, place, interference: { [side]: () => breaks(place) } });
    }
  }
  const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1);
  const names = places.map(nameOf);
  console.log(`broken ${2 * places.length} times in ${seconds} s, before and after: ${names.join(", ")}`);
  return names;
}

const nameOf = ({ app: { name, index }, statement, nth }: Place): string =>
  `${index === 0 ? name : `${name}-${index + 1}`} ${statement} ${nth}`;

function intercept(
  shop: ShopStack,
  decide: ((app: AppProcess, boundary: CommitBoundary) => ReturnType<Decide>) | undefined,
): void {
  for (const app of shop.stack.apps) {
    const ofWrites: Decide = (boundary) => (byTheClock.test(boundary.statement) ? undefined : decide?.(app, boundary));
    shop.proxy(app.name, app.index).intercept(decide ? ofWrites : undefined);
  }
}

/** A process that was killed is taken over after 10 s. */
const quietMaxMs = 40_000;

/** A watermark that was not moved stays behind until the next event of its partition (design §3.3). */
async function tellMore({ api }: ShopStack, id: string): Promise<string> {
  return (await api.accepted("order.cancel", { orderId: orderIdOf(id) })).id;
}

/** Nothing more of this write will be committed: it is told, and its watermark, the last, is moved. */
async function untilQuiet({ db }: ShopStack, told: ToldEvents, id: string): Promise<void> {
  const isPublished = "SELECT FROM watermarks WHERE partition = $1 AND published_number >= $2";
  await eventually(
    async () => {
      const last = told.of(id).at(-1);
      expect((await db.query(isPublished, [last?.partition, last?.number])).rowCount).toBe(1);
    },
    { timeoutMs: quietMaxMs, intervalMs: 20 },
  );
}
