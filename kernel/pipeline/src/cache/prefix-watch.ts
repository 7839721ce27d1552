import type { ModelRequest } from "@tau/agent";
import { estimateTextTokens, estimateTokens, ratesOf } from "@tau/core";
import type { CallContext, Message, Price } from "@tau/core";

import type { PipelineCall } from "../pipeline-call.ts";
import type { CacheBreak, CacheBreakCause } from "./cache-facts.ts";
import { conversationDigests, sha256, toolsDigest } from "./request-digest.ts";

/** Sessions that are remembered; of more than these, the one that asked longest ago is forgotten. */
const maxSessions = 10_000;

/** What a session asked last. */
interface Asked {
  readonly model: string;
  readonly system: string;
  readonly tools: string;
  readonly messages: number;
  /** Of all those messages. */
  readonly conversation: string;
  readonly tokens: number;
  /** What the provider said that it read from its cache, once the answer told. */
  cacheReadTokens: number;
}

/**
 * Compares each prompt of a session with the one before it, by digests: costs O(new messages). Sessions of
 * different tenants never meet, and the runs below a session's are sessions of their own.
 */
export class PrefixWatch {
  readonly #asked = new Map<string, Asked>();

  /** Whether there is a prompt before this one that it could go on from. */
  concerns({ context }: PipelineCall): boolean {
    return context.sessionId !== undefined;
  }

  /** Notes a prompt; answers the break with the one before it, if there is one. */
  ask({ request, context, model }: PipelineCall): CacheBreak | undefined {
    const session = sessionOf(context);
    if (session === undefined) return undefined;
    const before = this.#asked.get(session);
    const digests = conversationDigests(request.messages);
    const now: Asked = {
      model: `${model.provider} ${model.id}`,
      system: sha256(request.system ?? ""),
      tools: toolsDigest(request),
      messages: digests.length,
      conversation: digests.at(-1) ?? "",
      tokens: 0,
      cacheReadTokens: before?.cacheReadTokens ?? 0,
    };
    const cause = before && causeOf(before, now, digests);
    const kept = cause === undefined && before !== undefined ? before : undefined;
    const tokens = (kept?.tokens ?? headTokens(request)) + tailTokens(request.messages, kept?.messages ?? 0);
    this.#remember(session, { ...now, tokens, cacheReadTokens: kept?.cacheReadTokens ?? 0 });
    return cause === undefined || before === undefined
      ? undefined
      : breakOf(cause, before.tokens, model.price);
  }

  /** Notes what the provider read from its cache; answers the break if it had read more before. */
  answered({ context, model }: PipelineCall, cacheReadTokens: number): CacheBreak | undefined {
    const session = sessionOf(context);
    const asked = session === undefined ? undefined : this.#asked.get(session);
    if (asked === undefined) return undefined;
    const before = asked.cacheReadTokens;
    asked.cacheReadTokens = cacheReadTokens;
    return before > 0 && cacheReadTokens === 0 ? breakOf("provider_forgot", before, model.price) : undefined;
  }

  #remember(session: string, asked: Asked): void {
    this.#asked.delete(session);
    this.#asked.set(session, asked);
    if (this.#asked.size <= maxSessions) return;
    for (const oldest of this.#asked.keys()) {
      this.#asked.delete(oldest);
      break;
    }
  }
}

function sessionOf({ tenant, sessionId, runPath = [] }: CallContext): string | undefined {
  return sessionId === undefined ? undefined : [tenant, sessionId, ...runPath.slice(1)].join(" ");
}

function causeOf(before: Asked, now: Asked, digests: readonly string[]): CacheBreakCause | undefined {
  if (before.model !== now.model) return "model_changed";
  // Tools come first in a prompt, but a changed system says more about why.
  if (before.system !== now.system) return "system_changed";
  if (before.tools !== now.tools) return "tools_changed";
  return before.messages > 0 && digests[before.messages - 1] !== before.conversation
    ? "history_changed"
    : undefined;
}

function headTokens({ system = "", tools }: ModelRequest): number {
  const schemas = tools.length === 0 ? "" : JSON.stringify(tools);
  return estimateTextTokens(system) + estimateTextTokens(schemas);
}

function tailTokens(messages: readonly Message[], from: number): number {
  let tokens = 0;
  for (let index = from; index < messages.length; index++) {
    const message = messages[index];
    if (message !== undefined) tokens += estimateTokens(message);
  }
  return tokens;
}

function breakOf(cause: CacheBreakCause, estimate: number, price: Price | undefined): CacheBreak {
  const tokens = Math.round(estimate);
  const rates = price && ratesOf(price, { inputTokens: tokens });
  if (rates === undefined) return { cause, tokens };
  const more = rates.inputPerMillion - (rates.cacheReadPerMillion ?? rates.inputPerMillion);
  return { cause, tokens, costMicroUsd: Math.ceil((tokens * more) / 1_000_000) };
}
