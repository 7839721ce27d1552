import type {
  CallContext,
  JsonObject,
  JsonSchema,
  Message,
  ModelEvent,
  Price,
  ProviderData,
  ToolDefinition,
} from "@tau/core";

import type { ModelCapabilities } from "./capabilities.ts";

import type { RateLimits } from "./rate-limits.ts";

/** One question to a model. */
export interface ModelRequest {
  /** Instructions; the stable prefix of the prompt together with `tools`. */
  readonly system?: string;
  /** The conversation, oldest first; each tool call has its result in the message after it. */
  readonly messages: readonly Message[];
  /** Sent in this order: a stable order keeps the provider's prompt cache warm. */
  readonly tools: readonly ToolDefinition[];
  readonly toolChoice?: "auto" | "none" | "required" | { readonly name: string };
  /** Tokens; adapters whose protocol demands a limit have their own default. */
  readonly maxOutputTokens?: number;
  readonly temperature?: number;
  readonly topP?: number;
  /** Asks for the same answer to the same request; providers promise it at best loosely. */
  readonly seed?: number;
  readonly stopSequences?: readonly string[];
  /** How hard to think; `none` where the model thinks by default. Ignored by models that cannot. */
  readonly reasoning?: "none" | "low" | "medium" | "high";
  /** The answer must be JSON of this shape. `strict` (the default) asks the provider to enforce it, where it can. */
  readonly outputSchema?: { readonly name: string; readonly schema: JsonSchema; readonly strict?: boolean };
  /**
   * Tools that run at the provider, sent as they are to the protocol they name. A model of another protocol
   * refuses them with `model.unsupported_content`.
   */
  readonly providerTools?: readonly ProviderData[];
  /** Further fields of the request's body, by protocol; they win over what the adapter writes. */
  readonly providerOptions?: Readonly<Record<string, JsonObject>>;
  /** `auto` (the default) lets the adapter mark what the provider should keep in its prompt cache. */
  readonly promptCache?: "auto" | "none";
  /**
   * How the provider is asked to answer. `stream` is the default; `whole` asks for one JSON text, which is cheaper where
   * nobody reads along: nothing is heard before the end, so the limit for the headers is one for all of the answer.
   * A protocol without such answers streams all the same.
   */
  readonly delivery?: "stream" | "whole";
}

/**
 * One provider's model.
 *
 * Contract, checked by `describeModel()` from `@tau/agent/testing`:
 * - The stream yields batches: all events of one socket read, never an empty batch.
 * - It ends with exactly one `finished` event, or throws a `TauError` of this package. A stream that the
 *   provider cut short throws; it never looks finished.
 * - Aborting `context.signal` closes the socket and makes the stream throw `signal.reason` promptly.
 * - Returning early from the stream releases its resources.
 * - It never retries: the layers around it do.
 */
export interface Model {
  /** The provider's name, for example `anthropic`. */
  readonly provider: string;
  /** The model's id at the provider. */
  readonly id: string;
  /** Where it is asked, for models behind an address: two servers may call different models by the same name. */
  readonly address?: string;
  /**
   * A digest of what its adapter was told that can change its answers, such as a guardrail or a header; absent where that is
   * nothing, or the adapter does not know it. Models that differ in it give each other's answers to nobody.
   */
  readonly settings?: string;
  /** Absent when unknown. */
  readonly price?: Price;
  /** Tokens the model can read; absent when unknown. */
  readonly contextWindow?: number;
  /** What is known of it; absent when nobody looked. */
  readonly capabilities?: ModelCapabilities;
  /** What the provider said with its last answer of what it still takes; absent for those that never say it. */
  rateLimits?(): RateLimits | undefined;
  stream(request: ModelRequest, context: CallContext): AsyncIterable<readonly ModelEvent[]>;
}
