import { endpointSchema } from "../../packages/contracts/src/index.ts";
import type { Api } from "../../scripts/dev/api.ts";
import type { Scenario } from "../scenarios.ts";

/** Registers the sink as often as the scenario has endpoints, at the paths `/0`, `/1`, … @returns their secrets, in order */
export async function registerEndpoints(api: Api, scenario: Scenario, sinkPort: number): Promise<string[]> {
  const secrets: string[] = [];
  for (let endpoint = 0; endpoint < scenario.endpoints; endpoint += 1) {
    secrets.push((await registerEndpoint(api, scenario, sinkPort, endpoint)).secret);
  }
  return secrets;
}

/** Registers the sink once, at the path `/<endpoint>`. */
export async function registerEndpoint(
  api: Api,
  scenario: Scenario,
  sinkPort: number,
  endpoint: number,
): Promise<{ id: string; secret: string }> {
  const { body } = await api("POST", "/v1/endpoints", {
    url: `http://127.0.0.1:${sinkPort}/${endpoint}`,
    events: [scenario.told],
    concurrency: scenario.endpointConcurrency,
  });
  const { id, secret } = endpointSchema.parse(body);
  if (secret === undefined) throw new Error("The new endpoint was answered without its secret");
  return { id, secret };
}
