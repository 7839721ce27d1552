import type { JsonObject } from "@tau/core";
import { isJsonObject, TauError } from "@tau/core";

import { readYaml } from "../read-yaml.ts";

/** The longest manifest that is read, in UTF-16 code units. */
export const maxManifestLength = 200_000;

/**
 * Reads one object, without what only the cluster writes. Takes time in proportion to the text, whatever is wrong with it.
 *
 * @throws TauError `kubernetes.invalid`
 */
export function parseManifest(text: string | undefined): JsonObject {
  if (text === undefined) throw invalid('Action "apply" needs "manifest".');
  if (text.length > maxManifestLength)
    throw invalid(
      `The manifest has ${text.length} characters; at most ${maxManifestLength} are read. Apply less at once, or have a person do it with kubectl.`,
    );
  const value = readYaml(text, (reason) => invalid(`The manifest ${reason}`));
  if (!isJsonObject(value) || !isJsonObject(value["metadata"])) {
    throw invalid("The manifest must be an object with apiVersion, kind and metadata.");
  }
  const { status: _, ...rest } = value;
  const { managedFields: __, resourceVersion: ___, uid: ____, ...metadata } = value["metadata"];
  return { ...rest, metadata };
}

function invalid(message: string): TauError {
  return new TauError("kubernetes.invalid", message);
}
