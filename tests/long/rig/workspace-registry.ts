import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../", import.meta.url));

interface Installed {
  readonly dir: string;
  readonly manifest: { readonly name: string; readonly version: string };
}

export interface WorkspaceRegistry extends AsyncDisposable {
  readonly url: string;
}

/**
 * A registry that has the packages of others which are installed in this workspace, in these very versions, and nothing
 * else: what is installed from it needs no network, and is resolved by npm as anywhere.
 */
export async function startWorkspaceRegistry(): Promise<WorkspaceRegistry> {
  const installed = Map.groupBy(installedPackages(), ({ manifest }) => manifest.name);
  const server = createServer((request, response) => void answer(request, response, installed));
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

/** Those of the lock file that are there: packages of other platforms aren't. Ours are links, and don't count. */
function installedPackages(): Installed[] {
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  const entries = Object.entries<{ link?: boolean }>(lock.packages);
  const folders = entries.filter(([folder, { link }]) => folder.includes("node_modules/") && link !== true);
  return folders.flatMap(([folder]) => {
    const dir = join(root, folder);
    const manifest = readManifest(dir);
    return manifest === undefined ? [] : [{ dir, manifest }];
  });
}

function readManifest(dir: string): Installed["manifest"] | undefined {
  try {
    return JSON.parse(readFileSync(join(dir, "package.json"), "utf8"));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

/** `/name` is what there is of it; `/-/tarball?name=…&version=…` one of them. */
async function answer(
  { url = "/", headers }: IncomingMessage,
  response: ServerResponse,
  installed: ReadonlyMap<string, readonly Installed[]>,
): Promise<void> {
  const { pathname, searchParams } = new URL(url, `http://${headers.host}`);
  const isTarball = pathname === "/-/tarball";
  const name = isTarball ? (searchParams.get("name") ?? "") : decodeURIComponent(pathname.slice(1));
  const versions = installed.get(name);
  const one = versions?.find(({ manifest }) => manifest.version === searchParams.get("version"));
  if (isTarball && one !== undefined) return sendTarball(one.dir, response);
  if (isTarball || versions === undefined) return void response.writeHead(404).end("{}");
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify(packument(name, versions, `http://${headers.host}/-/tarball`)));
}

function packument(name: string, installed: readonly Installed[], tarballUrl: string): object {
  const versions = installed.map(({ manifest }) => {
    const tarball = `${tarballUrl}?${new URLSearchParams({ name, version: manifest.version })}`;
    return [manifest.version, { ...manifest, dist: { tarball } }];
  });
  return { name, "dist-tags": { latest: installed.at(-1)?.manifest.version }, versions: Object.fromEntries(versions) };
}

/** Its files below `package/`, as npm has them. */
async function sendTarball(dir: string, response: ServerResponse): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "postback-tarball-"));
  symlinkSync(dir, join(folder, "package"));
  const tar = spawn("tar", ["-czhf", "-", "--exclude=node_modules", "-C", folder, "package"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  tar.stdout.pipe(response);
  await new Promise((ended) => tar.on("close", ended));
  rmSync(folder, { recursive: true });
}
