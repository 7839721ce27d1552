import type { Json, JsonObject } from "@tau/core";
import { isJsonObject } from "@tau/core";
import { stringify } from "yaml";

import { fieldOf } from "../client/kube-fields.ts";

const lastApplied = "kubectl.kubernetes.io/last-applied-configuration";

/**
 * An object as it may be shown: without the bookkeeping of managers, and of secrets without what they hold, the copy that
 * `kubectl apply` leaves in an annotation included.
 */
export function shownObject(object: JsonObject): JsonObject {
  const metadata = fieldOf(object, "metadata");
  const shown = { ...object, ...(isJsonObject(metadata) ? { metadata: shownMetadata(metadata) } : {}) };
  return object["kind"] === "Secret" ? withoutSecrets(shown) : shown;
}

/** What a person decides on: the object without what the cluster counts and reports by itself. */
export function decidedObject(object: JsonObject): JsonObject {
  const { status: _, metadata, ...rest } = shownObject(object);
  if (!isJsonObject(metadata)) return rest;
  const counted = new Set(["resourceVersion", "uid", "generation", "creationTimestamp", "selfLink"]);
  return { ...rest, metadata: without(metadata, counted) };
}

/** YAML with keys in a stable order, so that two versions can be compared line by line. */
export function toYaml(object: JsonObject): string {
  return stringify(object, { sortMapEntries: true, lineWidth: 0, aliasDuplicateObjects: false });
}

function shownMetadata(metadata: JsonObject): JsonObject {
  const { managedFields: _, annotations, ...rest } = metadata;
  if (!isJsonObject(annotations)) return rest;
  const kept = without(annotations, new Set([lastApplied]));
  return Object.keys(kept).length === 0 ? rest : { ...rest, annotations: kept };
}

function withoutSecrets(secret: JsonObject): JsonObject {
  const hidden = Object.entries(secret).map(([name, value]): readonly [string, Json] => {
    if ((name !== "data" && name !== "stringData") || !isJsonObject(value)) return [name, value];
    return [name, Object.fromEntries(Object.keys(value).map((key) => [key, "(hidden)"]))];
  });
  return Object.fromEntries(hidden);
}

function without(object: JsonObject, names: ReadonlySet<string>): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.has(name)));
}
