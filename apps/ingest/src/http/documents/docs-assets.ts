import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzip } from "node:zlib";

const require = createRequire(import.meta.url);
const own = (name: string): string => fileURLToPath(new URL(`assets/${name}`, import.meta.url));

interface AssetSource {
  type: "text/css" | "text/javascript";
  path(): string;
}

/** What the pages of `/docs` load; the renderer comes from its package, not from a network of others. */
const sources: Readonly<Record<string, AssetSource>> = {
  "style.css": { type: "text/css", path: () => own("style.css") },
  "open-swagger.js": { type: "text/javascript", path: () => own("open-swagger.js") },
  "swagger-ui.css": { type: "text/css", path: () => require.resolve("swagger-ui-dist/swagger-ui.css") },
  "swagger-ui-bundle.js": {
    type: "text/javascript",
    path: () => require.resolve("swagger-ui-dist/swagger-ui-bundle.js"),
  },
};

export const assetNames: readonly string[] = Object.keys(sources);

export interface Asset {
  type: string;
  etag: string;
  plain: Buffer;
  gzipped: Buffer;
}

const loaded = new Map<string, Promise<Asset>>();

/** Read and compressed when it is first asked for, and kept: 1.9 MB and 0.5 MB for all of them. */
export function loadAsset(name: string): Promise<Asset> {
  const known = loaded.get(name);
  if (known !== undefined) return known;
  const asset = read(name);
  loaded.set(name, asset);
  return asset;
}

async function read(name: string): Promise<Asset> {
  const source = sources[name];
  if (source === undefined) throw new Error(`the documents have no file ${name}`);
  const plain = await readFile(source.path());
  const gzipped = await promisify(gzip)(plain);
  const etag = `"${createHash("sha256").update(plain).digest("base64url").slice(0, 22)}"`;
  return { type: `${source.type}; charset=utf-8`, etag, plain, gzipped };
}
