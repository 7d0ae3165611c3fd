import { once } from "node:events";
import { createServer, type Server } from "node:net";

/**
 * Ports of 127.0.0.1 that are free now. All are held until the last is found, so no two are the same; between this
 * and their use another process may take one, which then fails with "address in use".
 */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => listenAnywhere()));
  const ports = servers.map(portOf);
  await Promise.all(servers.map(close));
  return ports;
}

/** One free port of 127.0.0.1; see {@link freePorts}. */
export async function freePort(): Promise<number> {
  const server = await listenAnywhere();
  const port = portOf(server);
  await close(server);
  return port;
}

async function listenAnywhere(): Promise<Server> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server listens on no port");
  return address.port;
}

async function close(server: Server): Promise<void> {
  server.close();
  await once(server, "close");
}
