import type { ContainerEngine } from "../engine/container-engine.ts";
import type { EngineAddress } from "../engine/engine-address.ts";

/** Options of `dockerTools`. */
export interface DockerToolOptions {
  /** Where the engine listens. Default: the usual sockets of Docker and Podman. */
  readonly engine?: EngineAddress;
  /**
   * Which containers there are: those that the tools made for the tenant of the call, or all of the engine's, for a person
   * on a machine of their own. Default `tenant`.
   */
  readonly scope?: "tenant" | "engine";
}

/** What the verbs need. */
export interface DockerAccess {
  /** Opened when it is first used. Throws `container.unreachable`. */
  engine(): ContainerEngine;
  readonly scope: "tenant" | "engine";
}
