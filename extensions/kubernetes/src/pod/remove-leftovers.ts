import type { KubeClient } from "../client/kube-client.ts";
import { objectsOf, textOf } from "../client/kube-fields.ts";
import { environmentLabel, managedBy } from "./pod-manifest.ts";
import { deletePod } from "./start-pod.ts";

/**
 * Deletes the pods of environments that have ended, such as those of a process that crashed: the cluster ended them at their
 * deadline. Answers their names. Pods that still run may be somebody's.
 */
export async function removeLeftovers(
  client: KubeClient,
  namespace: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const labels = Object.entries(managedBy).map(([name, value]) => `${name}=${value}`);
  const pods = await client.json(
    {
      path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`,
      query: { labelSelector: [...labels, environmentLabel].join(","), limit: "500" },
      asked: { verb: "list", resource: "pods", namespace },
    },
    signal,
  );
  const ended = objectsOf(pods, "items").filter((pod) =>
    ["Failed", "Succeeded"].includes(textOf(pod, "status", "phase")),
  );
  const names = ended.map((pod) => textOf(pod, "metadata", "name"));
  for (const id of names) await deletePod(client, { id, namespace });
  return names;
}
