import type { JsonObject } from "@tau/core";

import { endpointOf } from "../endpoint.ts";
import type { Model } from "../model.ts";
import type { ModelIdentity } from "../model-error.ts";
import { createWireModel } from "../wire-model.ts";
import type { WireModelOptions } from "../wire-model.ts";
import type { OllamaBodyOptions } from "./request-body.ts";

/** Options of {@link createOllama}. */
export interface OllamaOptions extends WireModelOptions {
  /** Without `/api`. Default `http://localhost:11434`. */
  readonly baseUrl?: string;
  /** How long the model stays in memory afterwards: a duration such as `10m`, or seconds; -1 for ever. */
  readonly keepAlive?: string | number;
  /** Options of the model runner, such as `{ top_k: 20 }`; what a request says wins. `num_ctx` is `contextWindow`. */
  readonly options?: JsonObject;
  /**
   * How the model is told to think: by level, or only whether. Default `level` for gpt-oss, else `switch`; nothing is
   * told to a model whose capabilities say that it does not think.
   */
  readonly thinking?: "level" | "switch";
  /** The name in errors and costs. Default `ollama`. */
  readonly provider?: string;
}

/**
 * Makes a {@link Model} that speaks Ollama's own `/api/chat`.
 *
 * A prompt that is longer than the server's window (`contextWindow`; else the server's own, often 4,096 tokens) is
 * refused, not cut. `providerOptions.ollama` adds any field of the body; its `options` are merged field by field.
 *
 * @throws TauError `model.invalid_request` when the base URL is not an address
 */
export function createOllama(options: OllamaOptions): Model {
  const url = endpointOf(options.baseUrl ?? "http://localhost:11434", "/api/chat");
  const identity = identityOf(options);
  const settings = settingsOf(options);
  const defaults = settingsOf({ model: options.model });
  return createWireModel({ ...identity, url, settings, defaults }, options, async () => {
    const { createOllamaProtocol } = await import("./protocol.ts");
    return createOllamaProtocol({ identity, keepAlive: options.keepAlive, ...settings }, url);
  });
}

/** What changes its answers. */
function settingsOf(options: OllamaOptions): Pick<OllamaBodyOptions, "options" | "thinking"> {
  const thinking = options.thinking ?? (/gpt-oss/.test(options.model) ? "level" : "switch");
  return {
    options: { ...windowOf(options), ...options.options },
    thinking: options.capabilities?.reasoning === "no" ? "none" : thinking,
  };
}

/** The window is not only what the model can read, but what the server gives it. */
function windowOf({ contextWindow }: OllamaOptions): JsonObject {
  return contextWindow === undefined ? {} : { num_ctx: contextWindow };
}

/** What helps here is mostly one command. */
function identityOf({ provider = "ollama", model }: OllamaOptions): ModelIdentity {
  return {
    provider,
    model,
    sentences: {
      "model.not_found": `has no such model. Get it with "ollama pull ${model}"`,
      "model.network":
        'could not be reached, or the connection broke. Check that it runs ("ollama serve") and the base URL',
      "model.unsupported_content": `cannot do what the request needs: tools, thinking or pictures. "ollama show ${model}" says what it can`,
      "model.overloaded":
        'is busy, or has not enough memory free. Ask again later, stop other models ("ollama ps"), or take a smaller model or window',
      "model.context_too_long":
        "says that the conversation is longer than its window. Give it more with contextWindow, or shorten the history",
    },
  };
}
