import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { TauError } from "@tau/core";

import type { KubeConnection } from "./kube-connection.ts";

/** Options of {@link inClusterConnection}. */
export interface InClusterOptions {
  /** Where the pod's service account is mounted. */
  readonly folder?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

const defaultFolder = "/var/run/secrets/kubernetes.io/serviceaccount";

/** Whether this process runs in a pod that has a service account. */
export function isInCluster(env: Readonly<Record<string, string | undefined>> = process.env): boolean {
  return env["KUBERNETES_SERVICE_HOST"] !== undefined && env["KUBERNETES_SERVICE_PORT"] !== undefined;
}

/** The connection of a pod to its own cluster, by its service account. Throws `kubernetes.config` outside of one. */
export async function inClusterConnection({
  folder = defaultFolder,
  env = process.env,
}: InClusterOptions = {}): Promise<KubeConnection> {
  const host = env["KUBERNETES_SERVICE_HOST"];
  const port = env["KUBERNETES_SERVICE_PORT"];
  if (host === undefined || port === undefined) {
    throw new TauError(
      "kubernetes.config",
      "This process does not run in a pod of a cluster: KUBERNETES_SERVICE_HOST is not set. Name a kubeconfig.",
    );
  }
  const read = async (name: string): Promise<string> => {
    try {
      return (await readFile(join(folder, name), "utf8")).trim();
    } catch (cause) {
      throw new TauError(
        "kubernetes.config",
        `The pod's service account has no readable "${name}". Let the pod mount its service account token.`,
        { cause },
      );
    }
  };
  const [authority, namespace] = await Promise.all([read("ca.crt"), read("namespace")]);
  return {
    server: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
    namespace,
    authority,
    token: () => read("token"), // renewed by the kubelet while the pod runs
  };
}
