import { isJsonObject } from "@tau/core";
import { kubernetesTools } from "@tau/kubernetes";

import { openKubeClient, textsIn, versionIn } from "../kubernetes-client.ts";
import type { Settings } from "../settings.ts";
import type { ExtraModule, ExtraToolsFile } from "./extra-tools-file.ts";

/** `kubernetes`, and `kubernetes_change` where namespaces for it are named. */
export const kubernetesFile: ExtraToolsFile = {
  open,
  async check(settings) {
    const client = await openKubeClient({ section: sectionOf(settings), cwd: settings.cwd });
    try {
      const asked = { verb: "get", resource: "version" };
      const version = await client.json({ path: "/version", asked }, new AbortController().signal);
      const changes = textsIn(sectionOf(settings), "change");
      const words = changes.length === 0 ? "looks only" : `changes in ${changes.join(", ")} as previewed`;
      return { result: "ok", detail: `kubernetes ${versionIn(version)}; ${words}` };
    } finally {
      client.close();
    }
  },
};

async function open(settings: Settings): Promise<ExtraModule> {
  const section = sectionOf(settings);
  const client = await openKubeClient({ section, cwd: settings.cwd });
  const namespaces = textsIn(section, "namespaces");
  const { tools, hooks } = kubernetesTools({
    client,
    changeNamespaces: textsIn(section, "change"),
    ...(namespaces.length === 0 ? {} : { namespaces }),
  });
  return {
    name: "kubernetes",
    description: "A cluster.",
    hooks,
    tools: () => tools,
    cleanup: async () => client.close(),
  };
}

function sectionOf({ tools: { kubernetes } }: Settings): Readonly<Record<string, unknown>> {
  return isJsonObject(kubernetes) ? kubernetes : {};
}
