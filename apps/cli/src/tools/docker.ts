import { isJsonObject, isTauError } from "@tau/core";
import type { JsonObject } from "@tau/core";

import { engineOf } from "../container-settings.ts";
import type { Settings } from "../settings.ts";
import type { ExtraToolsFile } from "./extra-tools-file.ts";

/** `docker_read` and `docker_write`: the person's own engine, so all of its containers. */
export const dockerFile: ExtraToolsFile = {
  async open(settings) {
    const { dockerTools } = await import("@tau/container");
    const tools = dockerTools({ scope: "engine", ...engineOf(sectionOf(settings)) });
    return { name: "docker", description: "Containers by verbs.", tools: () => tools };
  },
  isQuickToCheck: true,
  async check(settings) {
    const { pingEngine } = await import("@tau/container");
    try {
      const name = await pingEngine(engineOf(sectionOf(settings)), new AbortController().signal);
      return { result: "ok", detail: `docker_read, docker_write, with ${name}` };
    } catch (error) {
      if (!isTauError(error)) throw error;
      return { result: "note", detail: `calls of docker_* fail: ${error.message}` };
    }
  },
};

function sectionOf({ tools: { docker } }: Settings): JsonObject {
  return isJsonObject(docker) ? docker : {};
}
