import { canonicalJson } from "@tau/core";
import type { Json, JsonObject } from "@tau/core";

import { sha256 } from "../sha256.ts";
import { canonicalSchema } from "./canonical-schema.ts";

/** What a server defines that ends up in front of a model. */
export const definitionKinds = ["instructions", "prompt", "resource_template", "tool"] as const;

/** One of {@link definitionKinds}. */
export type DefinitionKind = (typeof definitionKinds)[number];

/** Something that a server defines, with everything that it said of it. Text in it is data, never to be trusted. */
export interface Definition {
  readonly kind: DefinitionKind;
  /** The name at the server; empty for instructions. */
  readonly name: string;
  readonly body: JsonObject;
}

/**
 * SHA-256 of a definition, 64 hexadecimal digits: another one for any other text, schema, annotation or unknown
 * field, down to single code points; the same one for another order of keys and of sets in schemas.
 */
export function hashDefinition({ kind, name, body }: Definition): string {
  const fields = Object.entries(body).map(([key, value]): [string, Json] => [
    key,
    kind === "tool" && (key === "inputSchema" || key === "outputSchema") ? canonicalSchema(value) : value,
  ]);
  return sha256(canonicalJson({ kind, name, body: Object.fromEntries(fields) }));
}
