import type { Tool } from "@tau/tools";

import { openEngine } from "../engine/open-engine.ts";
import type { ContainerEngine } from "../engine/container-engine.ts";
import { createDockerReadTool } from "./docker-read-tool.ts";
import { createDockerWriteTool } from "./docker-write-tool.ts";
import type { DockerAccess, DockerToolOptions } from "./docker-options.ts";

/**
 * Makes the tools for containers: `docker_read` (pure) and `docker_write` (irreversible). They act on the engine, outside of
 * every sandbox, so `docker_write` needs a decision, and gives a container nothing that the agent's own commands do not have.
 */
export function dockerTools({ scope = "tenant", ...options }: DockerToolOptions = {}): readonly Tool[] {
  let engine: ContainerEngine | undefined;
  const access: DockerAccess = {
    scope,
    engine() {
      engine ??= openEngine(options);
      return engine;
    },
  };
  return [createDockerReadTool(access), createDockerWriteTool(access)];
}
