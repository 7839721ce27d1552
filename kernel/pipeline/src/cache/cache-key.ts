import type { Model } from "@tau/agent";

import type { PipelineCall } from "../pipeline-call.ts";
import type { CacheRefusal } from "./cache-facts.ts";
import { framed, requestDigest, sha256 } from "./request-digest.ts";

/** Raised when what goes into a key, or its order, changes: old entries are then never found. */
const keyVersion = "7";

/** The key of a call's answer, or why it has none. */
export type CacheKey =
  | { readonly key: string; readonly refusal?: undefined }
  | { readonly key?: undefined; readonly refusal: CacheRefusal };

/**
 * Makes the key under which the answer to a call may be kept, out of everything that can change the answer: SHA-256 over
 * the tenant and the request, and SHA-256 over the scopes and who may answer, where, and told what.
 *
 * - K1. Every field of the request counts, also one that is added to `ModelRequest` later: see {@link requestDigest}.
 * - K2. Fields are framed by name and length, so that different calls never give the same text.
 * - K3. No scopes, no key: an answer must not reach somebody who may not ask for it.
 */
export function cacheKeyOf(call: PipelineCall): CacheKey {
  const { request, candidates, record } = call;
  if (record.allowedScopes === undefined) return { refusal: "no_scopes" };
  if (request.temperature !== 0) return { refusal: "not_deterministic" };
  if ((request.providerTools ?? []).length > 0) return { refusal: "provider_tools" };
  return { key: requestDigest(call) + sharingDigest(record.allowedScopes, candidates) };
}

/** Who shares answers: those with the same scopes who ask the same models. */
interface Sharing {
  readonly scopes: string;
  readonly sha256: string;
}

// Routing gives the same list of candidates again as long as nothing changes, and most who ask it have the same scopes.
const sharings = new WeakMap<PipelineCall["candidates"], Sharing>();

function sharingDigest(allowedScopes: readonly string[], candidates: PipelineCall["candidates"]): string {
  const scopes = scopesText(allowedScopes);
  const known = sharings.get(candidates);
  if (known?.scopes === scopes) return known.sha256;
  // Whoever of them answers, it is an answer to this call: their order does not count.
  const text =
    framed("version", keyVersion) +
    framed("scopes", scopes) +
    framed("models", candidates.map(nameOf).sort(byCodeUnits).join(""));
  const made = { scopes, sha256: sha256(text) };
  sharings.set(candidates, made);
  return made.sha256;
}

/** Whatever their order, and however often one is there. */
function scopesText(scopes: readonly string[]): string {
  const sorted = scopes.length < 2 ? scopes : new Set(scopes.toSorted(byCodeUnits));
  let text = "";
  for (const scope of sorted) text += framed("scope", scope);
  return text;
}

/** Tells models apart that may answer differently. */
export function nameOf({ provider, id, address = "", settings = "" }: Model): string {
  return (
    framed("provider", provider) +
    framed("model", id) +
    framed("address", address) +
    framed("settings", settings)
  );
}

/** The same order in every locale. */
function byCodeUnits(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
