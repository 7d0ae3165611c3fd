import { describe, expect, it } from "vitest";
import { agentsFor, answer, answering, post, receiver } from "./post-rig.ts";

describe("the pool of agents", () => {
  it("shares no connection between endpoints", async () => {
    const to = await receiver(answering(answer("200 OK")));
    const agents = agentsFor();
    for (const id of ["a", "b"]) await post(to.url, { id }, agents);
    expect(to.connections()).toBe(2);
  });

  it("follows a change of the endpoint's URL, and lets what is out on the old one end", async () => {
    const answers: (() => void)[] = [];
    const old = await receiver((socket) => answers.push(() => socket.write(answer("200 OK", "old"))));
    const fresh = await receiver(answering(answer("200 OK", "new")));
    const agents = agentsFor();
    const out = post(old.url, {}, agents);
    await expect.poll(() => answers.length).toBe(1);
    expect((await post(fresh.url, {}, agents)).response).toBe("new");
    answers[0]?.();
    expect((await out).response).toBe("old");
    await old.disconnected();
  });

  it("closes the endpoint that was unused the longest when there are too many", async () => {
    const receivers = await Promise.all([0, 1, 2].map(() => receiver(answering(answer("200 OK")))));
    const agents = agentsFor({ endpointsMax: 2 });
    for (const [i, { url }] of receivers.entries()) await post(url, { id: `e${i}` }, agents);
    await receivers[0]?.disconnected();
    await post(receivers[1]?.url ?? "", { id: "e1" }, agents);
    expect(receivers.map(({ connections }) => connections())).toEqual([1, 1, 1]);
    await post(receivers[0]?.url ?? "", { id: "e0" }, agents);
    expect(receivers[0]?.connections()).toBe(2);
  });

  it("waits for what is out when it closes, and blocks nothing afterwards", async () => {
    const to = await receiver((socket) => setTimeout(() => socket.write(answer("200 OK")), 50));
    const agents = agentsFor();
    const out = post(to.url, {}, agents);
    await agents.close();
    expect((await out).outcome.kind).toBe("accepted");
    await to.disconnected();
  });
});
