import type { JsonObject } from "@tau/core";
import { isJsonObject, TauError } from "@tau/core";

import type { ApiResource } from "../client/discovery.ts";
import { fullName, pathOf } from "../client/discovery.ts";
import type { KubeRequest } from "../client/kube-client.ts";
import { fieldOf, textOf } from "../client/kube-fields.ts";
import type { KubernetesContext } from "./kubernetes-options.ts";
import { parseManifest } from "./parse-manifest.ts";

export const changeActions = ["apply", "delete", "scale", "restart", "patch"] as const;

/** What the model sends, and the hook adds to. */
export interface ChangeInput {
  readonly action: (typeof changeActions)[number];
  readonly manifest?: string;
  readonly resource?: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly replicas?: number;
  readonly patch?: JsonObject;
  /** When a restart was asked for: written into the object, so it is decided on with it. */
  readonly at?: string;
  /** What a person decides on. Written by the hook, and compared before anything is done. */
  readonly preview?: string;
}

/** A change of one object that may be made. */
export interface PlannedChange {
  readonly action: ChangeInput["action"];
  readonly resource: ApiResource;
  readonly namespace: string;
  readonly name: string;
  /** Where the object is. */
  readonly path: string;
  /** The request, for the object as it is now; undefined where there is none yet. */
  request(live: JsonObject | undefined, dryRun: boolean): KubeRequest;
}

const fieldManager = "tau";

/** Finds out what a change would be about. Throws `kubernetes.invalid`, `kubernetes.denied` and `kubernetes.unknown_resource`. */
export async function planChange(
  context: KubernetesContext,
  input: ChangeInput,
  signal: AbortSignal,
): Promise<PlannedChange> {
  const manifest = input.action === "apply" ? parseManifest(input.manifest) : undefined;
  const resource =
    manifest === undefined
      ? await context.discovery.find(given(input, "resource"), signal)
      : await context.discovery.ofKind(textOf(manifest, "apiVersion"), textOf(manifest, "kind"), signal);
  const name = manifest === undefined ? given(input, "name") : textOf(manifest, "metadata", "name");
  if (name === "") throw invalid("The manifest has no metadata.name; generated names are not supported.");
  const said = [textOf(manifest, "metadata", "namespace"), input.namespace ?? ""].filter((one) => one !== "");
  if (new Set(said).size > 1) throw invalid("The manifest names another namespace than the call.");
  const namespace = said[0] ?? context.client.connection.namespace;
  assertChangeable(context, resource, namespace);
  const path = pathOf(resource, { namespace, name });
  const asked = { resource: fullName(resource), namespace, name };
  return {
    action: input.action,
    resource,
    namespace,
    name,
    path,
    request: (live, dryRun) => requestOf({ input, manifest, path, asked, live, dryRun }),
  };
}

function assertChangeable(
  { changeNamespaces = [] }: KubernetesContext,
  resource: ApiResource,
  namespace: string,
): void {
  if (!resource.namespaced) {
    throw denied(
      `${fullName(resource)} belong to the whole cluster, and only objects of namespaces are changed.`,
    );
  }
  if (resource.kind === "Secret") throw denied("Secrets are neither shown nor changed.");
  if (!changeNamespaces.includes(namespace)) {
    const list = changeNamespaces.join(", ") || "none";
    throw denied(`Objects of namespace "${namespace}" are not changed. Namespaces with changes: ${list}.`);
  }
}

interface Sending {
  readonly input: ChangeInput;
  readonly manifest: JsonObject | undefined;
  readonly path: string;
  readonly asked: { readonly resource: string; readonly namespace: string; readonly name: string };
  readonly live: JsonObject | undefined;
  readonly dryRun: boolean;
}

/** Each names the version of the object that it is about, so that the server refuses it for another one. */
function requestOf({ input, manifest, path, asked, live, dryRun }: Sending): KubeRequest {
  const resourceVersion = textOf(live, "metadata", "resourceVersion");
  const query = { fieldManager, fieldValidation: "Strict", ...(dryRun ? { dryRun: "All" } : {}) };
  if (input.action === "delete") {
    const preconditions = { uid: textOf(live, "metadata", "uid"), resourceVersion };
    const body = {
      apiVersion: "v1",
      kind: "DeleteOptions",
      preconditions,
      ...(dryRun ? { dryRun: ["All"] } : {}),
    };
    return { method: "DELETE", path, body, asked: { verb: "delete", ...asked } };
  }
  if (manifest !== undefined) {
    const body = live === undefined ? manifest : withVersion(manifest, resourceVersion);
    return {
      method: "PATCH",
      path,
      body,
      query,
      contentType: "application/apply-patch+yaml",
      asked: { verb: "patch", ...asked },
    };
  }
  return {
    method: "PATCH",
    path,
    body: withVersion(patchOf(input), resourceVersion),
    query,
    contentType: "application/merge-patch+json",
    asked: { verb: "patch", ...asked },
  };
}

function patchOf({ action, replicas, patch, at = "" }: ChangeInput): JsonObject {
  if (action === "scale") {
    if (replicas === undefined) throw invalid('Action "scale" needs "replicas".');
    return { spec: { replicas } };
  }
  if (action === "restart") {
    return { spec: { template: { metadata: { annotations: { "kubectl.kubernetes.io/restartedAt": at } } } } };
  }
  if (patch === undefined) throw invalid('Action "patch" needs "patch", a JSON merge patch.');
  return patch;
}

function withVersion(object: JsonObject, resourceVersion: string): JsonObject {
  const metadata = fieldOf(object, "metadata");
  return { ...object, metadata: { ...(isJsonObject(metadata) ? metadata : {}), resourceVersion } };
}

function given(input: ChangeInput, field: "resource" | "name"): string {
  const value = input[field];
  if (value !== undefined && value !== "") return value;
  throw invalid(`Action "${input.action}" needs "${field}".`);
}

function invalid(message: string): TauError {
  return new TauError("kubernetes.invalid", message);
}

function denied(message: string): TauError {
  return new TauError("kubernetes.denied", message);
}
