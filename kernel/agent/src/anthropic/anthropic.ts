import { endpointOf } from "../endpoint.ts";
import type { Model } from "../model.ts";
import { createWireModel } from "../wire-model.ts";
import type { WireModelOptions } from "../wire-model.ts";

/** Options of {@link createAnthropic}. */
export interface AnthropicOptions extends WireModelOptions {
  /** Without the version: `http://localhost:8080`. Default Anthropic's. */
  readonly baseUrl?: string;
  /** Tokens of an answer when the request does not say; the protocol demands a number. Default 8192. */
  readonly maxOutputTokens?: number;
  /**
   * How thinking is asked for: `adaptive` with an effort (Claude 4.6 and later), or a `budget` of tokens.
   * Default: found by the model's id.
   */
  readonly thinking?: "adaptive" | "budget";
  /** Ask the provider to cache the prompt's stable prefix. Default true. */
  readonly promptCache?: boolean;
  /** The name in errors and costs. Default `anthropic`. */
  readonly provider?: string;
}

/** Models that know only token budgets for thinking. */
const budgetModels = /claude-(?:3|(?:opus|sonnet|haiku)-4(?:-[0-5])?(?:-\d{8}|@|:|$))/;

/**
 * Makes a {@link Model} that speaks Anthropic Messages.
 *
 * @throws TauError `model.invalid_request` when the base URL is not an address
 */
export function createAnthropic(options: AnthropicOptions): Model {
  const identity = { provider: options.provider ?? "anthropic", model: options.model };

  const url = endpointOf(options.baseUrl ?? "https://api.anthropic.com", "/v1/messages");

  return createWireModel(identity, options, async () => {
    const { createAnthropicProtocol } = await import("./protocol.ts");
    const thinking = options.thinking ?? (budgetModels.test(options.model) ? "budget" : "adaptive");
    const { maxOutputTokens = 8192, promptCache = true } = options;
    return createAnthropicProtocol({ identity, maxOutputTokens, thinking, promptCache }, url);
  });
}
