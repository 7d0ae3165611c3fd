import { Socket } from "node:net";

/** Every TCP connection that this process attempts, over net or TLS, as the kernel is asked for it. */
export type SocketWatch = Disposable & {
  readonly attempts: readonly { readonly address: string; readonly port: number }[];
};

/**
 * Watches below undici and the guard: what they say is not asked. `net.connect` and `tls.connect` both come through
 * `Socket.prototype.connect`, and a socket tells each address right before it is dialled, of names too.
 */
export function watchSockets(): SocketWatch {
  const attempts: { address: string; port: number }[] = [];
  const { connect } = Socket.prototype;
  Socket.prototype.connect = function watched(this: Socket, ...args: unknown[]) {
    this.on("connectionAttempt", (address, port) => attempts.push({ address, port }));
    return Reflect.apply(connect, this, args);
  } as typeof connect;
  return {
    attempts,
    [Symbol.dispose]: () => {
      Socket.prototype.connect = connect;
    },
  };
}
