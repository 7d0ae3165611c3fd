import pg from "pg";
import { workingTenant } from "./as-tenant.ts";

type Connected = (
  error: Error | undefined,
  client: pg.PoolClient | undefined,
  done: (release?: unknown) => void,
) => void;

/**
 * Says to the server, each time before a connection is lent, which tenant it works for now: row-level security goes by it
 * (`current_tenant()`), and shows nothing where there is none. For the session, not a transaction, because each loan says
 * it anew; one on which it can't be said is thrown away.
 */
export class WalledPool extends pg.Pool {
  override connect(): Promise<pg.PoolClient>;
  override connect(callback: Connected): void;
  override connect(callback?: Connected): Promise<pg.PoolClient> | undefined {
    // Read here: a connection that has to be waited for is handed over by whoever gives it back.
    const connected = this.#lend(workingTenant() ?? "");
    if (callback === undefined) return connected;
    connected.then(
      (client) => callback(undefined, client, (release) => client.release(release as Error | boolean | undefined)),
      (error: Error) => callback(error, undefined, () => undefined),
    );
    return undefined;
  }

  async #lend(tenantId: string): Promise<pg.PoolClient> {
    const client = await super.connect();
    try {
      await client.query({ name: "set_tenant", text: setTenant, values: [tenantId] });
      return client;
    } catch (error) {
      client.release(error as Error);
      throw error;
    }
  }
}

const setTenant = "SELECT set_config('postback.tenant', $1, false)";
