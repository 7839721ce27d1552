import type { StructuredOutput } from "../capabilities.ts";
import { endpointOf } from "../endpoint.ts";
import type { Model } from "../model.ts";
import type { ModelIdentity } from "../model-error.ts";
import { createWireModel } from "../wire-model.ts";
import type { WireModelOptions } from "../wire-model.ts";
import type { AnthropicBodyOptions, CacheTtl } from "./body-options.ts";
import { claudeTakesSchema, claudeThinking } from "./claude-models.ts";

/** Options of {@link createAnthropic}. */
export interface AnthropicOptions extends WireModelOptions {
  /** Without the version: `http://localhost:8080`. Default Anthropic's. */
  readonly baseUrl?: string;
  /** Tokens of an answer when the request does not say; the protocol demands a number. Default 8192. */
  readonly maxOutputTokens?: number;
  /**
   * How thinking is asked for: `adaptive` with an effort (Claude 4.6 and later), or a `budget` of tokens.
   * Default: found by the model's id. A model that is known not to think is not asked.
   */
  readonly thinking?: "adaptive" | "budget";
  /**
   * Ask the provider to keep the prompt: its tools, its system text and the conversation so far, for five
   * minutes or an hour after each use. Default `5m`; `false` never asks.
   */
  readonly promptCache?: CacheTtl | boolean;
  /** Ask for citations of the documents in the conversation. Not together with an output schema. Default false. */
  readonly citeDocuments?: boolean;
  /** Names of what is still in trial at the provider, for example `files-api-2025-04-14`. */
  readonly betas?: readonly string[];
  /** The name in errors and costs. Default `anthropic`. */
  readonly provider?: string;
}

/**
 * Makes a {@link Model} that speaks Anthropic Messages.
 *
 * Answers of an `outputSchema` come from the provider's own enforcement where the model has it, else from the
 * arguments of a hidden tool that the model is made to call: `capabilities.structuredOutput` decides, or the
 * model's id. Either way they are the text of the answer.
 *
 * @throws TauError `model.invalid_request` when the base URL is not an address
 */
export function createAnthropic(options: AnthropicOptions): Model {
  const identity = { provider: options.provider ?? "anthropic", model: options.model };

  const url = endpointOf(options.baseUrl ?? "https://api.anthropic.com", "/v1/messages");

  const settings = { ...settingsOf(identity, options), betas: options.betas };
  const defaults = settingsOf(identity, { model: options.model });

  return createWireModel({ ...identity, url, settings, defaults }, options, async () => {
    const { createAnthropicProtocol } = await import("./protocol.ts");
    return createAnthropicProtocol(toBodyOptions(identity, options), url, options.betas ?? []);
  });
}

/** What changes its answers. */
function settingsOf(identity: ModelIdentity, options: AnthropicOptions): Readonly<Record<string, unknown>> {
  return { ...toBodyOptions(identity, options), identity: undefined, promptCache: undefined };
}

function toBodyOptions(identity: ModelIdentity, options: AnthropicOptions): AnthropicBodyOptions {
  const { promptCache = true, model, capabilities } = options;
  return {
    identity,
    maxOutputTokens: options.maxOutputTokens ?? 8192,
    thinking: options.thinking ?? (capabilities?.reasoning === "no" ? "none" : claudeThinking(model)),
    enforcesSchema: enforcesSchema(model, capabilities?.structuredOutput),
    sampling: capabilities?.sampling !== "no",
    promptCache: promptCache === true ? "5m" : promptCache === false ? "none" : promptCache,
    citeDocuments: options.citeDocuments ?? false,
  };
}

/** Imitators of the protocol ignore what they do not know, so only the vendor's own models count by their name. */
function enforcesSchema(model: string, known: StructuredOutput = "unknown"): boolean {
  return known === "unknown" ? claudeTakesSchema(model) : known === "strict_schema";
}
