import { canonicalJson, estimateTextTokens, estimateTokens } from "@tau/core";

import { nameOf } from "../cache/cache-key.ts";
import { conversationDigests, framed, sha256 } from "../cache/request-digest.ts";
import type { PipelineCall } from "../pipeline-call.ts";

/** A beginning of a prompt that could be kept. */
export interface Beginning {
  /** SHA-256 over tenant, scopes, the model with its address and settings, instructions and messages. */
  readonly id: string;
  /** Messages that it covers. */
  readonly messages: number;
  /** An estimate. */
  readonly tokens: number;
}

/** All beginnings of a prompt without its last message, the shortest first. Hashes only what is new. */
export function beginningsOf({ request, context, model, record }: PipelineCall): readonly Beginning[] {
  const { system = "" } = request;
  const head =
    framed("tenant", context.tenant) +
    framed("scopes", canonicalJson(record.allowedScopes ?? [])) +
    nameOf(model) +
    framed("system", system);
  let tokens = estimateTextTokens(system);
  const messages = request.messages.slice(0, -1);
  return conversationDigests(messages).map((digest, index) => {
    const message = messages[index];
    if (message !== undefined) tokens += estimateTokens(message);
    return { id: sha256(head + framed("messages", digest)), messages: index + 1, tokens };
  });
}
