import { addBounded } from "./bounded-map.ts";

const EVENT_TYPE_MAX_CHARS = 128;
const EVENT_TYPE = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/;
const PATTERN = /^(?:\*\*|(?:[a-z0-9_-]+|\*)(?:\.(?:[a-z0-9_-]+|\*))*(?:\.\*\*)?)$/;
/** Event types of one tenant are few; the bound is against those that put an id into the type. */
const CACHED_TYPES_MAX = 1000;
const NOBODY: readonly never[] = [];

/** A pattern that was read: its segments, of which `*` stands for one and a last `**` for one or more. */
export type EventPattern = { readonly text: string; readonly segments: readonly string[] };

/** Who is told of which event types. */
export type Subscription<T> = { readonly subscriber: T; readonly patterns: readonly EventPattern[] };

/** Who is told, by event type. Changes are made in place: their cost doesn't depend on the number of subscriptions. */
export type SubscriptionIndex<T> = {
  /** Each subscriber once, however many of its patterns match. Don't keep or change the array. */
  match(eventType: string): readonly T[];
  add(subscription: Subscription<T>): void;
  /** Takes away what was added with this very subscriber and these patterns. */
  remove(subscription: Subscription<T>): void;
};

/** Dotted lower-case segments of letters, digits, `_` and `-`, at most 128 characters: `order.placed`. */
export function isEventType(text: string): boolean {
  return text.length <= EVENT_TYPE_MAX_CHARS && EVENT_TYPE.test(text);
}

/**
 * Reads a subscription pattern: `order.placed` itself, `order.*` (any one segment), `order.**` (one or more further
 * segments, at the end only), `**` (everything).
 * @returns undefined where it is none
 */
export function parsePattern(text: string): EventPattern | undefined {
  if (text.length > EVENT_TYPE_MAX_CHARS || !PATTERN.test(text)) return undefined;
  return { text, segments: text.split(".") };
}

/** Whether one pattern matches a type; for many patterns and many events compile an index. */
export function matchesPattern({ segments }: EventPattern, eventType: string): boolean {
  const given = eventType.split(".");
  const isOpen = segments.at(-1) === "**";
  const fixed = isOpen ? segments.slice(0, -1) : segments;
  if (isOpen ? given.length <= fixed.length : given.length !== fixed.length) return false;
  return fixed.every((segment, at) => segment === "*" || segment === given[at]);
}

type TrieNode<T> = {
  readonly children: Map<string, TrieNode<T>>;
  readonly endsHere: Set<T>;
  readonly restMatches: Set<T>;
};

/**
 * Builds the index that is asked for every event. Exact types are in a map, patterns in a trie by segment, so the cost
 * depends on the matches and not on the number of subscriptions; answers are kept for the types seen.
 */
export function compileSubscriptions<T>(subscriptions: Iterable<Subscription<T>>): SubscriptionIndex<T> {
  const exact = new Map<string, Set<T>>();
  const root = emptyNode<T>();
  const cache = new Map<string, readonly T[]>();
  const index: SubscriptionIndex<T> = {
    match(eventType) {
      const known = cache.get(eventType);
      if (known) return known;
      const found = search(exact, root, eventType);
      addBounded(cache, eventType, found, CACHED_TYPES_MAX);
      return found;
    },
    add({ subscriber, patterns }) {
      cache.clear();
      for (const { text, segments } of patterns) {
        if (text.includes("*")) insert(root, segments, subscriber);
        else addTo(exact, text, subscriber);
      }
    },
    remove({ subscriber, patterns }) {
      cache.clear();
      for (const { text, segments } of patterns) {
        if (text.includes("*")) takeOut(root, segments, 0, subscriber);
        else removeFrom(exact, text, subscriber);
      }
    },
  };
  for (const subscription of subscriptions) index.add(subscription);
  return index;
}

function search<T>(exact: ReadonlyMap<string, Set<T>>, root: TrieNode<T>, eventType: string): readonly T[] {
  const found = new Set<T>(exact.get(eventType));
  collect(root, eventType.split("."), 0, found);
  return found.size === 0 ? NOBODY : [...found];
}

function collect<T>(node: TrieNode<T>, segments: readonly string[], at: number, found: Set<T>): void {
  const segment = segments[at];
  if (segment === undefined) {
    for (const subscriber of node.endsHere) found.add(subscriber);
    return;
  }
  for (const subscriber of node.restMatches) found.add(subscriber);
  const named = node.children.get(segment);
  if (named) collect(named, segments, at + 1, found);
  const any = node.children.get("*");
  if (any) collect(any, segments, at + 1, found);
}

function insert<T>(root: TrieNode<T>, segments: readonly string[], subscriber: T): void {
  let node = root;
  for (const segment of segments) {
    if (segment === "**") {
      node.restMatches.add(subscriber);
      return;
    }
    let next = node.children.get(segment);
    if (!next) {
      next = emptyNode<T>();
      node.children.set(segment, next);
    }
    node = next;
  }
  node.endsHere.add(subscriber);
}

/** Nodes that nothing needs any more go too: what comes and goes for ever leaves nothing behind. */
function takeOut<T>(node: TrieNode<T>, segments: readonly string[], at: number, subscriber: T): void {
  const segment = segments[at];
  if (segment === undefined) node.endsHere.delete(subscriber);
  else if (segment === "**") node.restMatches.delete(subscriber);
  else {
    const next = node.children.get(segment);
    if (!next) return;
    takeOut(next, segments, at + 1, subscriber);
    if (isUnused(next)) node.children.delete(segment);
  }
}

const isUnused = <T>({ children, endsHere, restMatches }: TrieNode<T>): boolean =>
  children.size === 0 && endsHere.size === 0 && restMatches.size === 0;

function emptyNode<T>(): TrieNode<T> {
  return { children: new Map(), endsHere: new Set(), restMatches: new Set() };
}

function addTo<T>(map: Map<string, Set<T>>, key: string, value: T): void {
  const values = map.get(key);
  if (values) values.add(value);
  else map.set(key, new Set([value]));
}

function removeFrom<T>(map: Map<string, Set<T>>, key: string, value: T): void {
  const values = map.get(key);
  values?.delete(value);
  if (values?.size === 0) map.delete(key);
}
