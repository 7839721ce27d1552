import type { EnvironmentProfile } from "@tau/tools";

import type { KubeClient } from "../client/kube-client.ts";

/** A workspace that is copied into the pod, and whose changes come back after each command. */
export interface CopiedWorkspace {
  readonly kind: "copy";
  /** Names of files and folders that stay on their side, such as `node_modules`. */
  readonly exclude?: readonly string[];
  /** The largest workspace that is copied. Default 1 GiB. */
  readonly maxBytes?: number;
}

/** A workspace that lies on a volume of the cluster: there is no other copy of it. */
export interface ClaimedWorkspace {
  readonly kind: "claim";
  /** The name of the persistent volume claim, in the pod's namespace. */
  readonly claim: string;
  /** The folder of the volume that is mounted. Default: its root. */
  readonly subPath?: string;
  /** Where it is mounted: the workspace, or a folder above it. Default: the workspace. */
  readonly mountPath?: string;
}

/** What a pod may use at most, as Kubernetes writes quantities. */
export interface PodLimits {
  /** Default `1`. */
  readonly cpu?: string;
  /** Default `1Gi`. */
  readonly memory?: string;
  /** Default `4Gi`: the workspace's copy and temporary files. */
  readonly disk?: string;
}

/** How the pods of a driver are. */
export interface PodSettings {
  readonly client: KubeClient;
  /** Has `sh`, `grep`, `stat`, `tar`, `find` and `setsid`, and whatever the commands need. */
  readonly image: string;
  /** Default: the connection's. */
  readonly namespace?: string;
  /** Whom the pod works for: a label of it. */
  readonly tenant?: string;
  /** The runtime that isolates the pod, such as `gvisor` or `kata`. Default: the cluster's own, usually runc. */
  readonly runtimeClass?: string;
  /** Default: a copy. */
  readonly workspace?: CopiedWorkspace | ClaimedWorkspace;
  readonly limits?: PodLimits;
  /** Whom the commands run as. Default 1000; never 0. */
  readonly user?: number;
  /** Seconds after which the cluster ends the pod, should nobody else. Default 4 hours. */
  readonly maxAgeSeconds?: number;
  /** Milliseconds in which the pod must be ready. Default 2 minutes. */
  readonly startTimeoutMs?: number;
  /** Variables for every command. */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * An address that answers where the network is open, as `host:port`. From inside of the pod it must not be reached where
   * the profile allows no network. Default: the cluster's own API server.
   */
  readonly networkProbe?: string;
  /** Goes on where that address was reached all the same, and says so. Default false: then no environment is made. */
  readonly allowOpenNetwork?: boolean;
}

/** Options of `createPodEnvironment()`. */
export interface PodOptions extends PodSettings {
  readonly profile: EnvironmentProfile;
}
