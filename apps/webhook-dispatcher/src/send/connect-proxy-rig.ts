import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";

/** What a proxy was asked, as it came over the wire. */
type Asked = {
  readonly method: string;
  readonly target: string;
  readonly host: string | undefined;
  readonly authorization: string | undefined;
};

/** A real CONNECT proxy for tests. */
export type ConnectProxy = AsyncDisposable & {
  readonly port: number;
  readonly asked: readonly Asked[];
  /** First bytes that went through each tunnel towards the target. */
  readonly tunnelled: readonly Buffer[];
};

/** Answers CONNECT instead of a tunnel; bytes as they go over the wire. */
export type ProxyScript = (socket: Socket) => void;

/**
 * Starts a proxy that writes down what it is asked for. Whatever address it is asked for it connects to this machine,
 * under the port asked for, so that public addresses can be used without leaving it.
 */
export async function startConnectProxy(script?: ProxyScript): Promise<ConnectProxy> {
  const asked: Asked[] = [];
  const tunnelled: Buffer[] = [];
  const sockets = new Set<Socket>();
  const note = ({ method = "", url = "", headers }: IncomingMessage) =>
    asked.push({ method, target: url, host: headers.host, authorization: headers["proxy-authorization"] });
  const server = createServer((request, response) => {
    note(request);
    response.writeHead(405).end();
  });
  server.on("connection", (socket: Socket) => sockets.add(socket.on("error", () => socket.destroy())));
  server.on("connect", (request, socket: Socket) => {
    note(request);
    if (script) return script(socket);
    const upstream = connect(Number(request.url?.split(":").at(-1)), "127.0.0.1");
    sockets.add(upstream.on("error", () => socket.destroy()));
    upstream.once("connect", () => {
      socket.write("HTTP/1.1 200 Connection established\r\nvia: test\r\n\r\n");
      socket.once("data", (chunk) => tunnelled.push(Buffer.from(chunk)));
      socket.pipe(upstream).pipe(socket);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    tunnelled,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
