import type { Model } from "@tau/agent";

import type { PipelineCall } from "../pipeline-call.ts";
import type { CacheRefusal } from "./cache-facts.ts";
import { framed, requestDigest, sha256 } from "./request-digest.ts";

/** Raised when what goes into a key, or its order, changes: old entries are then never found. */
const keyVersion = "4";

/** The key of a call's answer, or why it has none. */
export type CacheKey =
  | { readonly key: string; readonly refusal?: undefined }
  | { readonly key?: undefined; readonly refusal: CacheRefusal };

/**
 * Makes the key under which the answer to a call may be kept: SHA-256 over everything that can change the answer,
 * the tenant first, then the scopes, then who may answer, and where.
 *
 * - K1. Every field of the request counts, also one that is added to `ModelRequest` later: see {@link requestDigest}.
 * - K2. Fields are framed by name and length, so that different calls never give the same text.
 * - K3. No scopes, no key: an answer must not reach somebody who may not ask for it.
 */
export function cacheKeyOf(call: PipelineCall): CacheKey {
  const { request, context, candidates, record } = call;
  if (record.allowedScopes === undefined) return { refusal: "no_scopes" };
  if (request.temperature !== 0) return { refusal: "not_deterministic" };
  if ((request.providerTools ?? []).length > 0) return { refusal: "provider_tools" };
  const text =
    framed("tenant", context.tenant) +
    framed("version", keyVersion) +
    framed("scopes", scopesText(record.allowedScopes)) +
    framed("models", namesOf(candidates)) +
    framed("request", requestDigest(call));
  return { key: sha256(text) };
}

/** Whatever their order, and however often one is there. */
function scopesText(scopes: readonly string[]): string {
  const sorted = scopes.length < 2 ? scopes : new Set(scopes.toSorted(byCodeUnits));
  let text = "";
  for (const scope of sorted) text += framed("scope", scope);
  return text;
}

const names = new WeakMap<Model | PipelineCall["candidates"], string>();

/** Whoever of them answers, it is an answer to this call: their order does not count. */
function namesOf(candidates: PipelineCall["candidates"]): string {
  const [only] = candidates;
  if (only !== undefined && candidates.length === 1) return nameOf(only);
  // Routing gives the same list again as long as nothing changes.
  const known = names.get(candidates);
  if (known !== undefined) return known;
  const made = candidates.map(nameOf).sort(byCodeUnits).join("");
  names.set(candidates, made);
  return made;
}

function nameOf(model: Model): string {
  const known = names.get(model);
  if (known !== undefined) return known;
  const { provider, id, address = "" } = model;
  const name = framed("provider", provider) + framed("model", id) + framed("address", address);
  names.set(model, name);
  return name;
}

/** The same order in every locale. */
function byCodeUnits(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
