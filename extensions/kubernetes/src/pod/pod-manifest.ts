import { createHash } from "node:crypto";

import type { Json, JsonObject } from "@tau/core";

import type { PodOptions } from "./pod-options.ts";

/** The label of everything that Tau makes in a cluster: leftovers are found by it. */
export const managedBy = { "app.kubernetes.io/managed-by": "tau" } as const;
/** The label that tells environments apart. */
export const environmentLabel = "tau.dev/environment";
const tenantLabel = "tau.dev/tenant";

/** Where commands may write temporary files. */
export const scratchPath = "/tmp";
/** The container of commands that may write, and of file operations. */
export const workContainer = "work";
/** The container whose workspace is mounted read-only: what runs in it cannot write there. */
export const lookContainer = "look";

const defaultUser = 1000;
const defaultAgeSeconds = 4 * 60 * 60;
const workspaceVolume = "workspace";

/** Names an environment in the cluster. */
export interface PodName {
  readonly id: string;
  readonly namespace: string;
}

// The first process: it reaps what commands leave behind, and ends at once when it is asked to.
const main = 'trap "exit 0" TERM; mkdir -p "$HOME"; while :; do sleep 3600 & wait $!; done';

/** The pod of an environment, as the `restricted` Pod Security Standard wants it. Throws `RangeError` for user 0. */
export function podManifest(options: PodOptions, { id, namespace }: PodName): JsonObject {
  const { profile, runtimeClass, maxAgeSeconds = defaultAgeSeconds, user = defaultUser } = options;
  if (!Number.isInteger(user) || user < 1) throw new RangeError("user must be a user id above 0.");
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: id, namespace, labels: labelsOf(options, id) },
    spec: {
      restartPolicy: "Never",
      activeDeadlineSeconds: maxAgeSeconds,
      terminationGracePeriodSeconds: 1,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      hostNetwork: false,
      ...(runtimeClass === undefined ? {} : { runtimeClassName: runtimeClass }),
      securityContext: {
        runAsNonRoot: true,
        runAsUser: user,
        runAsGroup: user,
        fsGroup: user,
        seccompProfile: { type: "RuntimeDefault" },
      },
      containers: [
        containerOf(options, {
          name: workContainer,
          readOnly: profile.access === "read-only" && isClaimed(options),
        }),
        containerOf(options, { name: lookContainer, readOnly: true }),
      ],
      volumes: [
        { name: workspaceVolume, ...volumeOf(options) },
        scratchOf(workContainer, options),
        scratchOf(lookContainer, options),
      ],
    },
  };
}

/** A policy that lets nothing in or out of the environment's pod. Whether it holds is up to the cluster's network. */
export function networkPolicyManifest(options: PodOptions, { id, namespace }: PodName): JsonObject {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: id, namespace, labels: labelsOf(options, id) },
    spec: {
      podSelector: { matchLabels: { [environmentLabel]: id } },
      policyTypes: ["Ingress", "Egress"],
    },
  };
}

function labelsOf({ tenant }: PodOptions, id: string): JsonObject {
  const named = tenant === undefined ? {} : { [tenantLabel]: labelValue(tenant) };
  return { ...managedBy, [environmentLabel]: id, ...named };
}

interface ContainerRole {
  readonly name: string;
  readonly readOnly: boolean;
}

function containerOf(options: PodOptions, { name, readOnly }: ContainerRole): JsonObject {
  const { limits = {}, profile, workspace } = options;
  const { cpu = "1", memory = "1Gi", disk = "4Gi" } = limits;
  const claim = workspace?.kind === "claim" ? workspace : undefined;
  return {
    name,
    image: options.image,
    command: ["/bin/sh", "-c", main],
    workingDir: "/",
    env: [{ name: "HOME", value: `${scratchPath}/home` }],
    securityContext: {
      allowPrivilegeEscalation: false,
      privileged: false,
      readOnlyRootFilesystem: name === lookContainer || profile.access !== "full",
      capabilities: { drop: ["ALL"] },
    },
    resources: {
      limits: { cpu, memory, "ephemeral-storage": disk },
      requests: { cpu: "50m", memory: "64Mi" },
    },
    volumeMounts: [
      { name: `scratch-${name}`, mountPath: scratchPath },
      {
        name: workspaceVolume,
        mountPath: claim?.mountPath ?? profile.workspace,
        readOnly,
        ...(claim?.subPath === undefined ? {} : { subPath: claim.subPath }),
      },
    ],
  };
}

function isClaimed({ workspace }: PodOptions): boolean {
  return workspace?.kind === "claim";
}

function volumeOf({ workspace, limits }: PodOptions): Record<string, Json> {
  if (workspace?.kind === "claim") return { persistentVolumeClaim: { claimName: workspace.claim } };
  return { emptyDir: { sizeLimit: limits?.disk ?? "4Gi" } };
}

function scratchOf(name: string, { limits }: PodOptions): JsonObject {
  return { name: `scratch-${name}`, emptyDir: { sizeLimit: limits?.disk ?? "4Gi" } };
}

/** A label takes 63 plain characters; another name is told apart by its hash. */
function labelValue(text: string): string {
  if (/^[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?$/u.test(text)) return text;
  return createHash("sha256").update(text).digest("hex").slice(0, 40);
}
