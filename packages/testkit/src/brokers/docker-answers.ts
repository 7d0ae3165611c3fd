import { existsSync } from "node:fs";
import { request } from "node:http";

const probeTimeoutMs = 800;
const usualSocket = "/var/run/docker.sock";

/** Whether a Docker engine answers `GET /_ping` at DOCKER_HOST or the usual socket. */
export function dockerAnswers(host = process.env["DOCKER_HOST"] ?? `unix://${usualSocket}`): Promise<boolean> {
  const { protocol, hostname, port, pathname } = new URL(host);
  if (protocol === "unix:" && !existsSync(pathname)) return Promise.resolve(false);
  const target = protocol === "unix:" ? { socketPath: pathname } : { host: hostname, port };
  return new Promise((resolve) => {
    const probe = request({ ...target, path: "/_ping", timeout: probeTimeoutMs }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    // No answer, a refusal, an engine behind TLS: whatever it is, there is no engine that we can use just so.
    probe.on("error", () => resolve(false));
    probe.on("timeout", () => probe.destroy(new Error("no answer in time")));
    probe.end();
  });
}
