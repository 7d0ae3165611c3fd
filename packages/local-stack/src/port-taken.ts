import { createServer } from "node:net";

/** The port that the API shall have is another program's. */
export class PortTaken extends Error {
  readonly port: number;
  readonly remedy: string;

  constructor(port: number, cause: unknown) {
    super(`Port ${port} is taken by another program.`, { cause });
    this.name = "PortTaken";
    this.port = port;
    this.remedy = `Stop that program, or choose another port: PORT=${port + 1} npm start.`;
  }
}

/** Sees that a port of 127.0.0.1 can be had, before anything is started for it. @throws PortTaken */
export function checkPort(port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const probe = createServer();
  probe.once("error", (cause: NodeJS.ErrnoException) =>
    reject(cause.code === "EADDRINUSE" ? new PortTaken(port, cause) : cause),
  );
  probe.listen(port, "127.0.0.1", () => probe.close(() => resolve()));
  return promise;
}
