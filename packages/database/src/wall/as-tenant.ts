import { AsyncLocalStorage } from "node:async_hooks";

const working = new AsyncLocalStorage<string>();

/** Runs the work for a tenant: what it asks of a walled database sees that tenant's rows alone. */
export const asTenant = <T>(tenantId: string, work: () => T): T => working.run(tenantId, work);

/** The tenant that is worked for; undefined outside of {@link asTenant}. */
export const workingTenant = (): string | undefined => working.getStore();
