import { existsSync } from "node:fs";
import { isIP } from "node:net";

import { TauError } from "@tau/core";

/** Where a container engine listens: a unix socket, or a port of this machine's loopback. */
export type EngineAddress =
  | { readonly socketPath: string }
  | { readonly host: string; readonly port: number };

/**
 * Reads an address as `DOCKER_HOST` has them: `unix:///run/docker.sock`, `tcp://127.0.0.1:2375`.
 *
 * Throws `container.invalid_address` for anything else, and for other machines: the engine's plain protocol knows no
 * passwords, and whoever reaches it owns the machine.
 */
export function parseEngineAddress(text: string): EngineAddress {
  if (text.startsWith("unix:///")) return { socketPath: text.slice("unix://".length) };
  const url = URL.parse(text);
  const host = url?.hostname.replaceAll(/^\[|\]$/gu, "") ?? "";
  const port = Number(url?.port);
  if (url?.protocol !== "tcp:" || !isLoopback(host) || !(port > 0)) {
    throw new TauError(
      "container.invalid_address",
      "The address of the container engine is neither unix:///path/to/socket nor tcp://127.0.0.1:port.",
    );
  }
  return { host, port };
}

/** The usual socket that exists, Docker's before Podman's; undefined when there is none. */
export function findEngineAddress(
  variables: Readonly<Record<string, string | undefined>> = process.env,
): EngineAddress | undefined {
  const runtime = variables["XDG_RUNTIME_DIR"];
  const ofUser = runtime === undefined ? [] : [`${runtime}/docker.sock`, `${runtime}/podman/podman.sock`];
  const sockets = ["/run/docker.sock", "/var/run/docker.sock", ...ofUser, "/run/podman/podman.sock"];
  const socketPath = sockets.find((path) => existsSync(path));
  return socketPath === undefined ? undefined : { socketPath };
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}
