import type { KnownThings } from "./known-things.ts";

/** So often an id in a path is that of something that there is. */
const knownShare = 0.6;

/** Some requests wait for what never comes, as with `If-None-Match: *`; each for a minute would be most of the run. */
const waitsSeconds = [0, 1];

/**
 * schemathesis.toml: ids of what there is, by path. A 503 of an operation that isn't known yet is as the document says,
 * for ids that were made but not submitted; that a store is away may be no reason, so the log of ingest is read for that.
 */
export function schemathesisSettings(known: KnownThings, keys: { apiKey: string; platformKey: string }): string {
  return [
    `headers = { Authorization = "Bearer ${keys.apiKey}" }`,
    "",
    // Ids that it has read in answers would make it revoke the very key that it sends, and the rest of the run 401.
    ...["examples", "coverage", "fuzzing"].map((phase) => `phases.${phase}.extra-data-sources.responses = false`),
    "",
    ...Object.entries(known).flatMap(([name, id]) => [`[dictionaries.${name}]`, `values = ["${id}"]`, ""]),
    "[dictionaries.waits]",
    `values = ${JSON.stringify(waitsSeconds)}`,
    "",
    ...section({
      paths: String.raw`^/v1/operations/\{id\}$`,
      ids: { id: "operation" },
      waits: true,
      mayBeUnavailable: true,
    }),
    ...section({ paths: String.raw`^/v1/operations/\{id\}/`, ids: { id: "operation" }, mayBeUnavailable: true }),
    ...section({ paths: "^/v1/entities/", waits: true, mayBeUnavailable: true }),
    ...section({ paths: String.raw`^/v1/endpoints/\{id\}/`, ids: { id: "endpoint", replayId: "replay" } }),
    // Not DELETE: the others need the endpoint.
    ...section({ paths: String.raw`^/v1/endpoints/\{id\}$`, methods: ["GET", "PATCH"], ids: { id: "endpoint" } }),
    ...section({ paths: String.raw`^/v1/deliveries/\{id\}`, ids: { id: "delivery" } }),
    ...section({ paths: String.raw`^/v1/partners/\{id\}`, methods: ["GET", "PATCH"], ids: { id: "partner" } }),
    ...section({ paths: String.raw`^/v1/api-keys/\{id\}`, ids: { id: "apiKey" }, share: 1 }),
    ...section({ paths: "^/v1/tenants$", key: keys.platformKey }),
    ...section({ paths: String.raw`^/v1/tenants/\{id\}`, ids: { id: "tenant" }, share: 1, key: keys.platformKey }),
  ].join("\n");
}

interface Section {
  readonly paths: string;
  readonly methods?: readonly string[];
  /** Parameters of the path, and their dictionaries. */
  readonly ids?: Readonly<Record<string, string>>;
  /** Of those that are known, among ids. */
  readonly share?: number;
  /** Whether it has `wait`. */
  readonly waits?: boolean;
  readonly mayBeUnavailable?: boolean;
  /** In place of the tenant's. */
  readonly key?: string;
}

function section({
  paths,
  methods,
  ids = {},
  share = knownShare,
  waits = false,
  mayBeUnavailable = false,
  key,
}: Section): string[] {
  const bound = Object.entries(ids).map(
    ([name, dictionary]) => `parameters."path.${name}" = { dictionary = "${dictionary}", probability = ${share} }`,
  );
  return [
    "[[operations]]",
    `include-path-regex = '${paths}'`,
    ...(methods === undefined ? [] : [`include-method = ${JSON.stringify(methods)}`]),
    ...(key === undefined ? [] : [`headers = { Authorization = "Bearer ${key}" }`]),
    ...bound,
    ...(waits ? [`parameters."query.wait" = { dictionary = "waits", probability = 1 }`] : []),
    ...(mayBeUnavailable ? ['checks.not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", 503]'] : []),
    "",
  ];
}
