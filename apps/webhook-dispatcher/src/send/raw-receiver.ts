import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";

/** A request as it came over the wire. */
type RawRequest = { readonly head: string; readonly body: string };

/** Answers one request by writing to its socket what it likes. */
export type Script = (socket: Socket, request: RawRequest) => void;

/** A receiver for tests that speaks TCP and not HTTP, so that it can answer as no HTTP server would. */
export type RawReceiver = AsyncDisposable & {
  readonly url: string;
  readonly port: number;
  readonly requests: RawRequest[];
  /** Connections ever made. */
  readonly connections: () => number;
  /** Resolves when all connections are gone. */
  readonly disconnected: () => Promise<void>;
};

export async function startRawReceiver(script: Script): Promise<RawReceiver> {
  const requests: RawRequest[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    // A client that cuts off a hostile answer resets the connection; that is what is tested.
    socket.on("error", () => socket.destroy());
    readRequests(socket, (request) => {
      requests.push(request);
      script(socket, request);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hook`,
    port,
    requests,
    connections: () => connections,
    disconnected: () => allClosed(sockets),
    [Symbol.asyncDispose]: () => stop(server, sockets),
  };
}

function readRequests(socket: Socket, onRequest: (request: RawRequest) => void): void {
  let received = "";
  socket.on("data", (chunk) => {
    received += chunk.toString("latin1");
    for (;;) {
      const headEnd = received.indexOf("\r\n\r\n");
      if (headEnd === -1) return;
      const head = received.slice(0, headEnd);
      const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
      const end = headEnd + 4 + length;
      if (received.length < end) return;
      const body = Buffer.from(received.slice(headEnd + 4, end), "latin1").toString();
      received = received.slice(end);
      onRequest({ head, body });
    }
  });
}

async function allClosed(sockets: ReadonlySet<Socket>): Promise<void> {
  // Not `once`, which rejects for an error before the close.
  await Promise.all([...sockets].map((socket) => new Promise((resolve) => socket.once("close", resolve))));
}

async function stop(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  for (const socket of sockets) socket.destroy();
  server.close();
  await once(server, "close");
}
