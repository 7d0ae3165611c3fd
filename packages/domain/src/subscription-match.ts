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

/** A compiled set of subscriptions. It never changes: after a change compile a new one, and its cache goes with it. */
export type SubscriptionIndex<T> = {
  /** Each subscriber once, however many of its patterns match. Don't keep or change the array. */
  match(eventType: string): readonly T[];
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
  readonly endsHere: T[];
  readonly restMatches: T[];
};

/**
 * Builds the index that is asked for every event. Exact types are in a map, patterns in a trie by segment, so the cost
 * depends on the matches and not on the number of subscriptions; answers are kept for the types seen.
 */
export function compileSubscriptions<T>(subscriptions: Iterable<Subscription<T>>): SubscriptionIndex<T> {
  const exact = new Map<string, T[]>();
  const root = emptyNode<T>();
  for (const { subscriber, patterns } of subscriptions) {
    for (const pattern of patterns) {
      if (pattern.text.includes("*")) insert(root, pattern.segments, subscriber);
      else addTo(exact, pattern.text, subscriber);
    }
  }
  const cache = new Map<string, readonly T[]>();
  return {
    match(eventType) {
      const known = cache.get(eventType);
      if (known) return known;
      const found = search(exact, root, eventType);
      addBounded(cache, eventType, found, CACHED_TYPES_MAX);
      return found;
    },
  };
}

function search<T>(exact: ReadonlyMap<string, T[]>, root: TrieNode<T>, eventType: string): readonly T[] {
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
      node.restMatches.push(subscriber);
      return;
    }
    let next = node.children.get(segment);
    if (!next) {
      next = emptyNode<T>();
      node.children.set(segment, next);
    }
    node = next;
  }
  node.endsHere.push(subscriber);
}

function emptyNode<T>(): TrieNode<T> {
  return { children: new Map(), endsHere: [], restMatches: [] };
}

function addTo<T>(map: Map<string, T[]>, key: string, value: T): void {
  const values = map.get(key);
  if (values) values.push(value);
  else map.set(key, [value]);
}
