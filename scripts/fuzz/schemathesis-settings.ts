import type { KnownThings } from "./known-things.ts";

/** So often an id in a path is that of something that there is. */
const knownShare = 0.6;

/**
 * schemathesis.toml: ids of what there is, by path. A 503 of an operation that isn't known yet is as the document says,
 * for ids that were made but not submitted; that a store is away may be no reason, so the log of ingest is read for that.
 */
export function schemathesisSettings({ operation, endpoint, delivery, replay }: KnownThings): string {
  const dictionaries = { operation, endpoint, delivery, replay };
  return [
    ...Object.entries(dictionaries).flatMap(([name, id]) => [`[dictionaries.${name}]`, `values = ["${id}"]`, ""]),
    ...section({ paths: String.raw`^/v1/operations/\{id\}`, ids: { id: "operation" }, mayBeUnavailable: true }),
    ...section({ paths: "^/v1/entities/", mayBeUnavailable: true }),
    ...section({ paths: String.raw`^/v1/endpoints/\{id\}/`, ids: { id: "endpoint", replayId: "replay" } }),
    // Not DELETE: the others need the endpoint.
    ...section({ paths: String.raw`^/v1/endpoints/\{id\}$`, methods: ["GET", "PATCH"], ids: { id: "endpoint" } }),
    ...section({ paths: String.raw`^/v1/deliveries/\{id\}`, ids: { id: "delivery" } }),
  ].join("\n");
}

interface Section {
  readonly paths: string;
  readonly methods?: readonly string[];
  /** Parameters of the path, and their dictionaries. */
  readonly ids?: Readonly<Record<string, string>>;
  readonly mayBeUnavailable?: boolean;
}

function section({ paths, methods, ids = {}, mayBeUnavailable = false }: Section): string[] {
  const bound = Object.entries(ids).map(
    ([name, dictionary]) => `parameters."path.${name}" = { dictionary = "${dictionary}", probability = ${knownShare} }`,
  );
  return [
    "[[operations]]",
    `include-path-regex = '${paths}'`,
    ...(methods === undefined ? [] : [`include-method = ${JSON.stringify(methods)}`]),
    ...bound,
    ...(mayBeUnavailable ? ['checks.not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", 503]'] : []),
    "",
  ];
}
