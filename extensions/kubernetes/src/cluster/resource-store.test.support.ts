import { randomUUID } from "node:crypto";

import type { Json, JsonObject } from "@tau/core";
import { isJsonObject } from "@tau/core";

import { fieldOf, objectsOf, textOf } from "../client/kube-fields.ts";

/** A refusal, as the server answers it. */
export class Refusal extends Error {
  readonly status: number;
  readonly reason: string;
  readonly causes: readonly JsonObject[];

  constructor(status: number, reason: string, message: string, causes: readonly JsonObject[] = []) {
    super(message);
    this.status = status;
    this.reason = reason;
    this.causes = causes;
  }
}

/** A kind of resource that is served. */
export interface ServedKind {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly short?: readonly string[];
}

export const servedKinds: readonly ServedKind[] = [
  { group: "", version: "v1", resource: "pods", kind: "Pod", namespaced: true, short: ["po"] },
  { group: "", version: "v1", resource: "configmaps", kind: "ConfigMap", namespaced: true, short: ["cm"] },
  { group: "", version: "v1", resource: "secrets", kind: "Secret", namespaced: true },
  { group: "", version: "v1", resource: "events", kind: "Event", namespaced: true },
  { group: "", version: "v1", resource: "namespaces", kind: "Namespace", namespaced: false, short: ["ns"] },
  {
    group: "apps",
    version: "v1",
    resource: "deployments",
    kind: "Deployment",
    namespaced: true,
    short: ["deploy"],
  },
  {
    group: "networking.k8s.io",
    version: "v1",
    resource: "networkpolicies",
    kind: "NetworkPolicy",
    namespaced: true,
  },
  { group: "metrics.k8s.io", version: "v1beta1", resource: "pods", kind: "PodMetrics", namespaced: true },
];

/** Where an object is. */
export interface ObjectKey {
  readonly served: ServedKind;
  readonly namespace: string;
  readonly name: string;
}

type Change = (event: { readonly type: string; readonly object: JsonObject }) => void;

/** Objects with versions and owners of fields, as an API server keeps them. */
export class ResourceStore {
  readonly #objects = new Map<string, JsonObject>();
  /** For each object, who applied which leaf: what server-side apply compares. */
  readonly #owners = new Map<string, Map<string, string>>();
  readonly #watchers = new Set<Change>();
  #version = 100;

  get(key: ObjectKey): JsonObject | undefined {
    return this.#objects.get(idOf(key));
  }

  list(served: ServedKind, namespace: string | undefined): readonly JsonObject[] {
    const prefix = `${served.group}/${served.resource}/${namespace === undefined ? "" : `${namespace}/`}`;
    return [...this.#objects]
      .filter(([id]) => id.startsWith(prefix))
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([, object]) => object);
  }

  watch(change: Change): () => void {
    this.#watchers.add(change);
    return () => this.#watchers.delete(change);
  }

  create(key: ObjectKey, object: JsonObject, { dryRun, manager }: WriteOptions): JsonObject {
    if (this.get(key) !== undefined) {
      throw new Refusal(409, "AlreadyExists", `${key.served.resource} "${key.name}" already exists`);
    }
    const made = withMetadata(defaulted(object), {
      name: key.name,
      ...(key.served.namespaced ? { namespace: key.namespace } : {}),
      uid: randomUUID(),
      creationTimestamp: "2026-01-01T00:00:00Z",
    });
    return this.#put(key, made, { dryRun, manager, type: "ADDED" });
  }

  /** Replaces what is there. */
  update(key: ObjectKey, object: JsonObject, options: WriteOptions): JsonObject {
    const asked = textOf(object, "metadata", "resourceVersion");
    const live = this.get(key);
    if (live === undefined) throw notFound(key);
    if (asked !== "" && asked !== textOf(live, "metadata", "resourceVersion")) throw changed(key);
    return this.#put(key, object, { ...options, type: "MODIFIED" });
  }

  merge(key: ObjectKey, patch: JsonObject, options: WriteOptions): JsonObject {
    const live = this.get(key);
    if (live === undefined) throw notFound(key);
    const asked = textOf(patch, "metadata", "resourceVersion");
    if (asked !== "" && asked !== textOf(live, "metadata", "resourceVersion")) throw changed(key);
    const merged = mergePatch(live, patch);
    if (!isJsonObject(merged)) throw new TypeError("A merge of objects is one.");
    return this.#put(key, defaulted(merged), { ...options, type: "MODIFIED" });
  }

  /** Server-side apply: fields of another manager with other values are conflicts; what this manager leaves out is removed. */
  apply(
    key: ObjectKey,
    manifest: JsonObject,
    options: WriteOptions & { readonly force: boolean },
  ): JsonObject {
    const live = this.get(key);
    const asked = textOf(manifest, "metadata", "resourceVersion");
    if (live === undefined) {
      if (asked !== "") throw changed(key);
      const made = this.create(key, manifest, options);
      if (!options.dryRun) this.#own(key, manifest, options.manager);
      return made;
    }
    if (asked !== "" && asked !== textOf(live, "metadata", "resourceVersion")) throw changed(key);
    const owners = this.#owners.get(idOf(key)) ?? new Map<string, string>();
    const leaves = leavesOf(manifest);
    const conflicts = [...leaves].filter(([path, value]) => {
      const owner = owners.get(path);
      return (
        owner !== undefined &&
        owner !== options.manager &&
        JSON.stringify(fieldOf(live, ...path.split("\n"))) !== value
      );
    });
    if (conflicts.length > 0 && !options.force) {
      const causes = conflicts.map(([path]) => ({
        reason: "FieldManagerConflict",
        message: `conflict with "${owners.get(path)}"`,
        field: `.${path.replaceAll("\n", ".")}`,
      }));
      throw new Refusal(409, "Conflict", `Apply failed with ${conflicts.length} conflict`, causes);
    }
    const dropped = [...owners].filter(([path, owner]) => owner === options.manager && !leaves.has(path));
    const removal = dropped.map(([path]) => nullAt(path.split("\n")));
    const merged = [...removal, manifest].reduce<Json>(mergePatch, live);
    if (!isJsonObject(merged)) throw new TypeError("A merge of objects is one.");
    const answer = this.#put(key, defaulted(merged), { ...options, type: "MODIFIED" });
    if (!options.dryRun) this.#own(key, manifest, options.manager);
    return answer;
  }

  delete(
    key: ObjectKey,
    options: { readonly dryRun: boolean; readonly preconditions: Json | undefined },
  ): JsonObject {
    const live = this.get(key);
    if (live === undefined) throw notFound(key);
    for (const field of ["uid", "resourceVersion"]) {
      const wanted = textOf(options.preconditions, field);
      if (wanted !== "" && wanted !== textOf(live, "metadata", field)) {
        throw new Refusal(409, "Conflict", `Precondition failed: ${field} in precondition: ${wanted}`);
      }
    }
    if (options.dryRun) return live;
    this.#objects.delete(idOf(key));
    this.#owners.delete(idOf(key));
    for (const watcher of this.#watchers) watcher({ type: "DELETED", object: live });
    const uid = textOf(live, "metadata", "uid");
    for (const [id, other] of this.#objects) {
      const owners = objectsOf(other, "metadata", "ownerReferences");
      if (owners.some((owner) => owner["uid"] === uid)) this.#objects.delete(id);
    }
    return live;
  }

  #own(key: ObjectKey, manifest: JsonObject, manager: string): void {
    const owners = this.#owners.get(idOf(key)) ?? new Map<string, string>();
    for (const [path, owner] of owners) if (owner === manager) owners.delete(path);
    for (const path of leavesOf(manifest).keys()) owners.set(path, manager);
    this.#owners.set(idOf(key), owners);
  }

  #put(
    key: ObjectKey,
    object: JsonObject,
    { dryRun, manager, type }: WriteOptions & { readonly type: string },
  ): JsonObject {
    const same = JSON.stringify(object) === JSON.stringify(this.get(key));
    const managed = [{ manager, operation: "Apply", fieldsV1: { "f:spec": {} } }];
    const versioned = same ? {} : { resourceVersion: String(this.#version + 1), managedFields: managed };
    const stored = withMetadata(object, versioned);
    if (dryRun || same) return stored;
    this.#version++;
    this.#objects.set(idOf(key), stored);
    for (const watcher of this.#watchers) watcher({ type, object: stored });
    return stored;
  }
}

/** How an object is written. */
export interface WriteOptions {
  readonly dryRun: boolean;
  readonly manager: string;
}

function notFound({ served, name }: ObjectKey): Refusal {
  return new Refusal(404, "NotFound", `${served.resource} "${name}" not found`);
}

function changed({ served, name }: ObjectKey): Refusal {
  return new Refusal(
    409,
    "Conflict",
    `Operation cannot be fulfilled on ${served.resource} "${name}": the object has been modified; please apply your changes to the latest version and try again`,
  );
}

function idOf({ served, namespace, name }: ObjectKey): string {
  return `${served.group}/${served.resource}/${namespace}/${name}`;
}

function withMetadata(object: JsonObject, added: JsonObject): JsonObject {
  const metadata = fieldOf(object, "metadata");
  return { ...object, metadata: { ...(isJsonObject(metadata) ? metadata : {}), ...added } };
}

/** What the server adds: so a dry run shows more than what was sent. */
function defaulted(object: JsonObject): JsonObject {
  const spec = fieldOf(object, "spec");
  if (object["kind"] !== "Deployment" || !isJsonObject(spec)) return object;
  return { ...object, spec: { replicas: 1, revisionHistoryLimit: 10, ...spec } };
}

function mergePatch(target: Json, patch: Json): Json {
  if (!isJsonObject(patch)) return patch;
  const merged: Record<string, Json> = isJsonObject(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name];
    else merged[name] = mergePatch(merged[name] ?? null, value);
  }
  return merged;
}

function nullAt(path: readonly string[]): JsonObject {
  const [name = "", ...rest] = path;
  return { [name]: rest.length === 0 ? null : nullAt(rest) };
}

const identity: ReadonlySet<string> = new Set([
  "apiVersion",
  "kind",
  "metadata\nname",
  "metadata\nnamespace",
  "metadata\nresourceVersion",
]);

/** The leaves of an object, by path. */
function leavesOf(object: JsonObject, path: readonly string[] = []): Map<string, string> {
  const leaves = new Map<string, string>();
  for (const [name, value] of Object.entries(object)) {
    const at = [...path, name];
    if (isJsonObject(value)) for (const [below, text] of leavesOf(value, at)) leaves.set(below, text);
    else if (!identity.has(at.join("\n"))) leaves.set(at.join("\n"), JSON.stringify(value));
  }
  return leaves;
}
