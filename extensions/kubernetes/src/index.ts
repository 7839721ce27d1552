export type { ExecChannel, ExecRequestOptions } from "./client/exec-channel.ts";
export type { InClusterOptions } from "./client/in-cluster.ts";
export { inClusterConnection, isInCluster } from "./client/in-cluster.ts";
export type { KubeClient, KubeRequest } from "./client/kube-client.ts";
export { createKubeClient } from "./client/kube-client.ts";
export type { KubeConnection } from "./client/kube-connection.ts";
export type { AskedFor } from "./client/kube-error.ts";
export type { KubeconfigOptions } from "./client/kubeconfig.ts";
export { loadKubeconfig } from "./client/kubeconfig.ts";
export { kubernetesErrorCodes } from "./error-codes.ts";
export { createPodEnvironment } from "./pod/create-pod-environment.ts";
export type {
  ClaimedWorkspace,
  CopiedWorkspace,
  PodLimits,
  PodOptions,
  PodSettings,
} from "./pod/pod-options.ts";
export { createPodDriver } from "./pod/pod-driver.ts";
export { removeLeftovers } from "./pod/remove-leftovers.ts";
export type { KubernetesToolOptions } from "./tools/kubernetes-options.ts";
export type { KubernetesTools } from "./tools/kubernetes-tools.ts";
export { kubernetesTools } from "./tools/kubernetes-tools.ts";
