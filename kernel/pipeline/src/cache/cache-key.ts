import { canonicalJson } from "@tau/core";
import type { Json } from "@tau/core";

import type { PipelineCall } from "../pipeline-call.ts";
import type { CacheRefusal } from "./cache-facts.ts";
import { conversationDigest, framed, sha256, toolsDigest } from "./request-digest.ts";

/** Raised when what goes into a key, or its order, changes: old entries are then never found. */
const keyVersion = "1";

/** The key of a call's answer, or why it has none. */
export type CacheKey =
  | { readonly key: string; readonly refusal?: undefined }
  | { readonly key?: undefined; readonly refusal: CacheRefusal };

/**
 * Makes the key under which the answer to a call may be kept: SHA-256 over everything that can change the answer,
 * the tenant first, then the scopes, then who may answer.
 *
 * - K1. Every field of the request counts; one that is added to `ModelRequest` and not named here does not compile.
 * - K2. Fields are framed by name and length, so that different calls never give the same text.
 * - K3. No scopes, no key: an answer must not reach somebody who may not ask for it.
 */
export function cacheKeyOf({ request, context, candidates, record }: PipelineCall): CacheKey {
  const {
    system,
    messages,
    tools: _tools,
    providerTools = [],
    toolChoice,
    maxOutputTokens,
    temperature,
    topP,
    seed,
    stopSequences,
    reasoning,
    outputSchema,
    providerOptions,
    // Says what the provider keeps, which changes no answer.
    promptCache: _promptCache,
    ...others
  } = request;
  const nothing: Readonly<Record<string, never>> = others;
  if (record.allowedScopes === undefined) return { refusal: "no_scopes" };
  if (temperature !== 0) return { refusal: "not_deterministic" };
  if (providerTools.length > 0) return { refusal: "provider_tools" };
  const text =
    framed("version", keyVersion) +
    framed("tenant", context.tenant) +
    framed("scopes", canonicalJson([...new Set(record.allowedScopes)].toSorted(byCodeUnits))) +
    framed("models", canonicalJson(namesOf(candidates))) +
    framed("messages", conversationDigest(messages)) +
    framed("tools", toolsDigest(request)) +
    // What is absent is left out, and so differs from everything that is there.
    framed(
      "settings",
      canonicalJson({
        system,
        toolChoice,
        maxOutputTokens,
        topP,
        seed,
        stopSequences,
        reasoning,
        outputSchema,
        providerOptions,
        ...nothing,
      }),
    );
  return { key: sha256(text) };
}

/** Whoever of them answers, it is an answer to this call: their order does not count. */
function namesOf(candidates: PipelineCall["candidates"]): Json {
  return candidates
    .map(({ provider, id }) => [provider, id])
    .toSorted((a, b) => byCodeUnits(String(a), String(b)));
}

/** The same order in every locale. */
function byCodeUnits(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
