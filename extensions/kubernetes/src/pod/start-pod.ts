import type { JsonObject } from "@tau/core";
import { isTauError, TauError } from "@tau/core";

import type { KubeClient } from "../client/kube-client.ts";
import { fieldOf, objectsOf, textOf } from "../client/kube-fields.ts";
import type { PodName } from "./pod-manifest.ts";
import { networkPolicyManifest, podManifest } from "./pod-manifest.ts";
import type { PodOptions } from "./pod-options.ts";

const defaultStartMs = 120_000;

/** Reasons for which a container waits and which waiting does not cure. */
const hopeless: ReadonlySet<string> = new Set([
  "ErrImagePull",
  "ImagePullBackOff",
  "InvalidImageName",
  "ErrImageNeverPull",
  "CreateContainerConfigError",
  "CreateContainerError",
  "RunContainerError",
  "CrashLoopBackOff",
]);

/**
 * Makes the network policy and then the pod, and settles once the pod is ready. Throws `kubernetes.pod_failed` with the
 * cluster's reason; then nothing of it is left.
 */
export async function startPod(options: PodOptions, name: PodName, signal: AbortSignal): Promise<void> {
  const { client, startTimeoutMs = defaultStartMs } = options;
  try {
    if (options.profile.network !== true) {
      await create(
        client,
        { manifest: networkPolicyManifest(options, name), resource: "networkpolicies", name },
        signal,
      );
    }
    const made = await create(
      client,
      { manifest: podManifest(options, name), resource: "pods", name },
      signal,
    );
    if (options.profile.network !== true) await tieTogether(client, made, name, signal);
    const timeout = AbortSignal.timeout(startTimeoutMs);
    try {
      await untilReady(client, name, AbortSignal.any([signal, timeout]));
    } catch (error) {
      signal.throwIfAborted();
      if (!timeout.aborted) throw error;
      throw podFailed(`it was not ready within ${startTimeoutMs} ms.${await lastWarning(client, name)}`);
    }
  } catch (error) {
    await deletePod(client, name);
    throw error;
  }
}

/** Deletes the pod and its network policy; what is gone already is fine. */
export async function deletePod(client: KubeClient, { id, namespace }: PodName): Promise<void> {
  const paths = {
    pods: `/api/v1/namespaces/${namespace}/pods/${id}`,
    networkpolicies: `/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies/${id}`,
  };
  for (const [resource, path] of Object.entries(paths)) {
    try {
      const asked = { verb: "delete", resource, namespace, name: id };
      await client.json({ method: "DELETE", path, asked, query: { propagationPolicy: "Background" } }, never);
    } catch (error) {
      if (!isTauError(error)) throw error; // The pod's deadline and the policy's owner see to what could not be reached.
    }
  }
}

const never = new AbortController().signal;

interface Creation {
  readonly manifest: JsonObject;
  readonly resource: "pods" | "networkpolicies";
  readonly name: PodName;
}

async function create(
  client: KubeClient,
  { manifest, resource, name: { id, namespace } }: Creation,
  signal: AbortSignal,
): Promise<JsonObject> {
  const base = resource === "pods" ? "/api/v1" : "/apis/networking.k8s.io/v1";
  return await client.json(
    {
      method: "POST",
      path: `${base}/namespaces/${encodeURIComponent(namespace)}/${resource}`,
      query: { fieldManager: "tau" },
      body: manifest,
      asked: { verb: "create", resource, namespace, name: id },
    },
    signal,
  );
}

/** Lets the cluster delete the policy when the pod is deleted, by whomever. */
async function tieTogether(
  client: KubeClient,
  pod: JsonObject,
  name: PodName,
  signal: AbortSignal,
): Promise<void> {
  const owner = { apiVersion: "v1", kind: "Pod", name: name.id, uid: textOf(pod, "metadata", "uid") };
  await client.json(
    {
      method: "PATCH",
      path: `/apis/networking.k8s.io/v1/namespaces/${encodeURIComponent(name.namespace)}/networkpolicies/${name.id}`,
      contentType: "application/merge-patch+json",
      body: { metadata: { ownerReferences: [owner] } },
      asked: { verb: "patch", resource: "networkpolicies", namespace: name.namespace, name: name.id },
    },
    signal,
  );
}

async function untilReady(
  client: KubeClient,
  { id, namespace }: PodName,
  signal: AbortSignal,
): Promise<void> {
  const request = {
    path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`,
    query: { watch: "true", fieldSelector: `metadata.name=${id}`, resourceVersion: "0" },
    asked: { verb: "watch", resource: "pods", namespace },
  };
  for (;;) {
    for await (const event of client.watch(request, signal)) {
      if (event["type"] === "DELETED") throw podFailed("it was deleted while it started.");
      if (event["type"] === "ERROR") break;
      const pod = fieldOf(event, "object");
      if (isReady(pod)) return;
      const reason = reasonAgainst(pod);
      if (reason !== undefined) throw podFailed(reason);
    }
    signal.throwIfAborted();
  }
}

function isReady(pod: ReturnType<typeof fieldOf>): boolean {
  const conditions = objectsOf(pod, "status", "conditions");
  return conditions.some((one) => one["type"] === "Ready" && one["status"] === "True");
}

/** Why the pod will never be ready, if that is so. */
function reasonAgainst(pod: ReturnType<typeof fieldOf>): string | undefined {
  const phase = textOf(pod, "status", "phase");
  if (phase === "Failed" || phase === "Succeeded") {
    return `it ended (${textOf(pod, "status", "reason") || phase}). ${textOf(pod, "status", "message")}`.trim();
  }
  for (const container of objectsOf(pod, "status", "containerStatuses")) {
    const reason = textOf(container, "state", "waiting", "reason");
    if (!hopeless.has(reason)) continue;
    return `its container cannot start (${reason}). ${textOf(container, "state", "waiting", "message")}`.trim();
  }
  return undefined;
}

async function lastWarning(client: KubeClient, { id, namespace }: PodName): Promise<string> {
  try {
    const events = await client.json(
      {
        path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/events`,
        query: { fieldSelector: `involvedObject.name=${id}`, limit: "20" },
        asked: { verb: "list", resource: "events", namespace },
      },
      never,
    );
    const last = objectsOf(events, "items")
      .filter((one) => one["type"] === "Warning")
      .at(-1);
    return last === undefined ? "" : ` ${textOf(last, "reason")}: ${textOf(last, "message")}`;
  } catch {
    return "";
  }
}

function podFailed(why: string): TauError {
  return new TauError("kubernetes.pod_failed", `The pod did not start: ${why.slice(0, 500)}`);
}
