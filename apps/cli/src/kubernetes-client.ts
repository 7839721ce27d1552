import { createKubeClient, inClusterConnection, isInCluster, loadKubeconfig } from "@tau/kubernetes";
import type { KubeClient } from "@tau/kubernetes";

import { namedPath } from "./tools/named-path.ts";

/** A section of a tau.toml, and the folder that its relative paths are meant from. */
export interface ClusterSection {
  readonly section: Readonly<Record<string, unknown>>;
  readonly cwd: string;
}

/**
 * A client of the cluster that a section names: the pod's own where Tau runs in one and no kubeconfig is named.
 *
 * @throws TauError `kubernetes.config`, `config.invalid`
 */
export async function openKubeClient({ section, cwd }: ClusterSection): Promise<KubeClient> {
  const file = textIn(section, "kubeconfig");
  const path = file === undefined ? undefined : await namedPath("kubeconfig", file, cwd);
  const context = textIn(section, "context");
  const namespace = textIn(section, "namespace");
  const given = namespace === undefined ? {} : { namespace };
  if (path === undefined && context === undefined && isInCluster())
    return createKubeClient({ ...(await inClusterConnection()), ...given });
  const connection = await loadKubeconfig({
    ...given,
    ...(path === undefined ? {} : { path }),
    ...(context === undefined ? {} : { context }),
    allowPlugins: section["allow_plugins"] === true,
  });
  return createKubeClient(connection);
}

/** The text at a key; the keys of sections are checked when they are read. */
export function textIn(section: Readonly<Record<string, unknown>>, key: string): string | undefined {
  const value = section[key];
  return typeof value === "string" ? value : undefined;
}

/** The texts at a key; none where it is not there. */
export function textsIn(section: Readonly<Record<string, unknown>>, key: string): readonly string[] {
  const value = section[key];
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}

/** What a server answers to `/version`. */
export function versionIn(answer: Readonly<Record<string, unknown>>): string {
  return textIn(answer, "gitVersion") ?? "of an unknown version";
}
