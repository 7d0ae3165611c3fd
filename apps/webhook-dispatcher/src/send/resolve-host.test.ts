import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Answers, startDns } from "./dns-rig.ts";
import { createLookUp } from "./look-up-addresses.ts";
import { createResolveHost } from "./resolve-host.ts";

const PUBLIC = "93.184.216.34";

describe("createResolveHost", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"] }));
  afterEach(() => void vi.useRealTimers());

  it("asks once for a name while the answer is fresh, also for calls at the same time, and again later", async () => {
    const lookUp = vi.fn(async () => [PUBLIC]);
    const resolveHost = createResolveHost({ allowedSubnets: [], lookUp });
    await Promise.all([resolveHost("a.example"), resolveHost("a.example")]);
    vi.advanceTimersByTime(29_000);
    expect(await resolveHost("a.example")).toEqual({ kind: "addresses", addresses: [PUBLIC] });
    expect(lookUp).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(2000);
    await resolveHost("a.example");
    expect(lookUp).toHaveBeenCalledTimes(2);
  });

  it("remembers a failure for a short time only", async () => {
    const lookUp = vi
      .fn()
      .mockRejectedValueOnce(Object.assign(new Error(), { code: "ESERVFAIL" }))
      .mockResolvedValue([PUBLIC]);
    const resolveHost = createResolveHost({ allowedSubnets: [], lookUp });
    expect(await resolveHost("a.example")).toEqual({ kind: "unresolved", code: "ESERVFAIL" });
    vi.advanceTimersByTime(4000);
    expect((await resolveHost("a.example")).kind).toBe("unresolved");
    vi.advanceTimersByTime(2000);
    expect((await resolveHost("a.example")).kind).toBe("addresses");
  });

  it("judges anew what a name was rebound to", async () => {
    const lookUp = vi.fn().mockResolvedValueOnce([PUBLIC]).mockResolvedValue(["10.0.0.1"]);
    const resolveHost = createResolveHost({ allowedSubnets: [], lookUp });
    expect((await resolveHost("a.example")).kind).toBe("addresses");
    vi.advanceTimersByTime(31_000);
    expect((await resolveHost("a.example")).kind).toBe("blocked");
  });

  it("takes a name without addresses for unresolved", async () => {
    const resolveHost = createResolveHost({ allowedSubnets: [], lookUp: async () => [] });
    expect(await resolveHost("a.example")).toEqual({ kind: "unresolved", code: "ENODATA" });
  });
});

const onlyHooks: Answers = (name) => (name === "hooks.example.com" ? { addresses: [PUBLIC] } : undefined);

describe("createLookUp", () => {
  it("finds what a DNS server has, and tells a name that it doesn't have", async () => {
    using dns = await startDns(onlyHooks);
    const lookUp = createLookUp([dns.server]);
    expect(await lookUp("hooks.example.com")).toEqual([PUBLIC]);
    await expect(lookUp("other.example.com")).rejects.toMatchObject({ code: "ENOTFOUND" });
  });

  it("gives the IPv4 addresses of a server that never answers for IPv6, within the time for DNS", async () => {
    using dns = await startDns((name, family) => (family === 6 ? "silence" : onlyHooks(name, family)));
    const startMs = performance.now();
    expect(await createLookUp([dns.server])("hooks.example.com")).toEqual([PUBLIC]);
    expect(performance.now() - startMs).toBeLessThan(3500);
  });

  it("reads localhost from the hosts file", async () => {
    expect(await createLookUp(["127.0.0.1:1"])("localhost")).toContain("127.0.0.1");
  });
});
