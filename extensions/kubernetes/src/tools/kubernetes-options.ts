import type { Label } from "@tau/core";
import { TauError, untrusted } from "@tau/core";

import type { Discovery } from "../client/discovery.ts";
import type { KubeClient } from "../client/kube-client.ts";

/** Options of `kubernetesTools()`. */
export interface KubernetesToolOptions {
  readonly client: KubeClient;
  /** The only namespaces that are shown; then nothing of the whole cluster is. Default: whatever the cluster allows. */
  readonly namespaces?: readonly string[];
  /** The namespaces in which objects may be changed. Default none: then there is no tool for it. */
  readonly changeNamespaces?: readonly string[];
}

/** What the tools share. */
export interface KubernetesContext extends KubernetesToolOptions {
  readonly discovery: Discovery;
}

/** The host that requests go to, as permission rules name it. */
export function hostOf({ connection }: KubeClient): string {
  return new URL(connection.server).host;
}

/** What a cluster says was written by whoever may write there: logs, events, names. */
export function clusterLabel(client: KubeClient): Label {
  return untrusted(`kubernetes:${hostOf(client)}`, "workspace");
}

/** The namespace of a look; undefined for all of them. Throws `kubernetes.denied`. */
export function shownNamespace(
  { client, namespaces }: KubernetesToolOptions,
  { namespace, everywhere = false }: { readonly namespace?: string; readonly everywhere?: boolean },
): string | undefined {
  if (everywhere && namespaces === undefined) return undefined;
  const chosen = namespace ?? client.connection.namespace;
  // As part of an address it would be another one.
  if (/^\.{0,2}$/u.test(chosen))
    throw new TauError("kubernetes.invalid", `${JSON.stringify(chosen)} is no namespace.`);
  if (everywhere || (namespaces !== undefined && !namespaces.includes(chosen))) {
    throw new TauError(
      "kubernetes.denied",
      `Tau shows these namespaces of the cluster only: ${namespaces?.join(", ")}. Name one of them.`,
    );
  }
  return chosen;
}
