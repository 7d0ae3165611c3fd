import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";

/** An egress proxy as an operator may have one: it knows CONNECT alone, and keeps what it was asked for. */
export class ConnectProxy implements AsyncDisposable {
  readonly asked: { readonly target: string; readonly authorization: string | undefined }[] = [];
  readonly #server = createServer((_request, response) => response.writeHead(405).end());
  readonly #sockets = new Set<Socket>();

  static async start(): Promise<ConnectProxy> {
    const proxy = new ConnectProxy();
    proxy.#server.on("connect", (request, near: Socket) => {
      const { url: target = "" } = request;
      proxy.asked.push({ target, authorization: request.headers["proxy-authorization"] });
      proxy.#join(near, connect(Number(target.split(":").at(-1)), target.split(":")[0] ?? ""));
    });
    await once(proxy.#server.listen(0, "127.0.0.1"), "listening");
    return proxy;
  }

  /** As a dispatcher takes it. */
  get url(): string {
    return `http://user:pass@127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    const closed = once(this.#server.close(), "close");
    this.#server.closeAllConnections();
    await closed;
  }

  #join(near: Socket, far: Socket): void {
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(one);
      // Either end may go at any moment, and the other with it.
      one.on("error", () => other.destroy()).on("close", () => other.destroy());
    }
    far.once("connect", () => {
      near.write("HTTP/1.1 200 Connection established\r\n\r\n");
      near.pipe(far).pipe(near);
    });
  }
}
