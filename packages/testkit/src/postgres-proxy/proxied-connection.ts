import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { type ClientUnit, ClientUnits } from "./client-units.ts";
import { MessageReader, type ProtocolMessage, startupParameters } from "./read-messages.ts";

/** A place where something becomes durable. */
export interface CommitBoundary {
  /** `COMMIT`, or the name (else the beginning) of a statement that is a transaction by itself. */
  readonly statement: string;
  /** Of the connection. */
  readonly applicationName: string;
}

/** `cut`: the connection breaks, on both its sides. */
export type Verdict = "pass" | "cut";

/** What is done at a boundary. Until it resolves, nothing more of the connection passes. */
export interface Interference {
  /** The server doesn't have it yet. */
  before?(): Verdict | Promise<Verdict>;
  /** The server has done it and answered; the client doesn't have the answer yet. */
  after?(): Verdict | Promise<Verdict>;
}

export type Decide = (boundary: CommitBoundary) => Interference | undefined;

interface Held {
  /** The ReadyForQuery, counted on the connection, that ends the answer. */
  readonly ready: number;
  readonly after: () => Verdict | Promise<Verdict>;
  readonly messages: Buffer[];
}

const notEncrypted = Buffer.from("N");

/** One connection of a client and the one to the server behind it. */
export class ProxiedConnection {
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #decide: Decide;
  readonly #units = new ClientUnits();
  #applicationName = "";
  #readyDue = 0;
  #readySeen = 0;
  readonly #held: Held[] = [];

  constructor(client: Socket, target: { readonly host: string; readonly port: number }, decide: Decide) {
    this.#client = client.setNoDelay(true);
    this.#server = connect(target).setNoDelay(true);
    this.#decide = decide;
  }

  /** Resolves when both sides have ended, whichever broke first: what one side suffers, the other one sees. */
  async carry(): Promise<void> {
    const closed = [this.#client, this.#server].map((socket) =>
      once(
        socket.on("error", () => this.cut()),
        "close",
      ),
    );
    await Promise.allSettled([this.#carryToServer(), this.#carryToClient(), ...closed]);
  }

  cut(): void {
    this.#client.destroy();
    this.#server.destroy();
  }

  async #carryToServer(): Promise<void> {
    const reader = new MessageReader("client");
    try {
      for await (const chunk of this.#client.iterator({ destroyOnReturn: false })) {
        for (const message of reader.read(chunk as Buffer)) await this.#fromClient(message);
      }
      this.#server.end();
    } catch (error) {
      this.cut();
      throw error;
    }
  }

  async #fromClient(message: ProtocolMessage): Promise<void> {
    if (message.type === "encryption") return await write(this.#client, notEncrypted);
    if (message.type === "cancel") return await write(this.#server, message.bytes);
    if (message.type === "startup") {
      this.#applicationName = startupParameters(message).get("application_name") ?? "";
      this.#readyDue += 1;
      return await write(this.#server, message.bytes);
    }
    const unit = this.#units.take(message);
    if (unit) await this.#forward(unit);
  }

  async #forward({ bytes, isAnswered, commits }: ClientUnit): Promise<void> {
    const boundary = commits === undefined ? undefined : { statement: commits, applicationName: this.#applicationName };
    const interference = boundary && this.#decide(boundary);
    if ((await interference?.before?.()) === "cut") return this.cut();
    if (isAnswered) this.#readyDue += 1;
    const { after } = interference ?? {};
    if (after) this.#held.push({ ready: this.#readyDue, after, messages: [] });
    await write(this.#server, bytes);
  }

  async #carryToClient(): Promise<void> {
    const reader = new MessageReader("server");
    try {
      for await (const chunk of this.#server.iterator({ destroyOnReturn: false })) {
        for (const message of reader.read(chunk as Buffer)) await this.#fromServer(message);
      }
      this.#client.end();
    } catch (error) {
      this.cut();
      throw error;
    }
  }

  async #fromServer({ type, bytes }: ProtocolMessage): Promise<void> {
    const [held] = this.#held;
    const isOfHeld = held !== undefined && this.#readySeen + 1 === held.ready;
    if (type === "Z") this.#readySeen += 1;
    if (!isOfHeld) return await write(this.#client, bytes);
    held.messages.push(bytes);
    if (type !== "Z") return;
    this.#held.shift();
    if ((await held.after()) === "cut") return this.cut();
    await write(this.#client, Buffer.concat(held.messages));
  }
}

/** Resolves when it is with the kernel, so that a slow reader slows its writer. @throws when the socket is broken */
async function write(socket: Socket, bytes: Buffer): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    socket.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}
