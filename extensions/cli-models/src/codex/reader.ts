import { isJsonObject, noUsage, parseJson } from "@tau/core";
import type { Json, JsonObject, ModelEvent, ModelFinished, ThinkingPart, Usage } from "@tau/core";

import type { CliExit } from "../cli-process.ts";
import type { CliFailure, CliReader } from "../cli-protocol.ts";

/** What the command says instead of an HTTP status. */
const sayings: readonly (readonly [RegExp, Pick<CliFailure, "status" | "type" | "disconnected">])[] = [
  [/usage limit|too many requests/i, { status: 429 }],
  [/quota exceeded|billing/i, { status: 402 }],
  [/not logged in|log in again|sign in again|refresh token|missing bearer|login required/i, { status: 401 }],
  [/high demand|at capacity|overloaded/i, { status: 503 }],
  [/context window|ran out of room/i, { type: "context_length_exceeded" }],
  [/reason: content_filter/i, { type: "content_filter" }],
  [/stream disconnected|transport error|network error|error sending request/i, { disconnected: true }],
];

/** Reads `codex exec --json`: whole messages, then the usage. */
export class CodexReader implements CliReader {
  readonly #model: string;
  readonly #parts: (ThinkingPart | { readonly type: "text"; readonly text: string })[] = [];
  #failure: CliFailure | undefined;

  constructor(model: string) {
    this.#model = model;
  }

  read(line: JsonObject): readonly ModelEvent[] {
    switch (line["type"]) {
      case "item.completed":
        return this.#item(line["item"]);
      case "turn.completed":
        return [this.#finished("stop", line["usage"])];
      case "turn.failed":
        return this.#failed(messageIn(line["error"]));
      default: // Also `error`, which is only a warning unless the turn fails, too.
        return [];
    }
  }

  failure(exit: CliExit): CliFailure | undefined {
    if (this.#failure !== undefined) return this.#failure;
    // Configuration and login are checked before the first line.
    const message = exit.errorOutput.trim();
    return /not logged in|log in|codex login/i.test(message) ? { status: 401, message } : undefined;
  }

  #item(item: Json | undefined): readonly ModelEvent[] {
    if (!isJsonObject(item) || typeof item["text"] !== "string") return [];
    const { text } = item;
    if (item["type"] === "reasoning") {
      this.#parts.push({ type: "thinking", text });
      return [{ type: "thinking_delta", text }];
    }
    if (item["type"] !== "agent_message") return [];
    this.#parts.push({ type: "text", text });
    return [{ type: "text_delta", text }];
  }

  #failed(message: string): readonly ModelEvent[] {
    // The limit ends an answer; it does not spoil what was said before.
    if (/reason: max_output_tokens/.test(message) && this.#parts.length > 0) {
      return [this.#finished("length", undefined)];
    }
    this.#failure = toFailure(message);
    return [];
  }

  #finished(stopReason: "stop" | "length", usage: Json | undefined): ModelFinished {
    return {
      type: "finished",
      message: { role: "assistant", parts: [...this.#parts] },
      usage: toUsage(usage),
      stopReason,
      model: this.#model,
    };
  }
}

function toFailure(text: string): CliFailure {
  const parsed = parseJson(text);
  const inner = parsed.ok && isJsonObject(parsed.value) ? parsed.value["error"] : undefined;
  if (isJsonObject(inner)) {
    const type = typeof inner["type"] === "string" ? inner["type"] : "";
    return { status: 400, type, message: messageIn(inner) };
  }
  const status = /status:? (\d{3})\b/.exec(text)?.[1];
  const said = sayings.find(([pattern]) => pattern.test(text))?.[1];
  return { ...said, ...(status === undefined ? {} : { status: Number(status) }), message: text };
}

function messageIn(error: Json | undefined): string {
  const message = isJsonObject(error) ? error["message"] : undefined;
  return typeof message === "string" ? message : "";
}

function toUsage(usage: Json | undefined): Usage {
  if (!isJsonObject(usage)) return noUsage;
  const count = (name: string): number => {
    const value = usage[name];
    return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : 0;
  };
  return {
    inputTokens: count("input_tokens"),
    outputTokens: count("output_tokens"),
    cacheReadTokens: count("cached_input_tokens"),
    cacheWriteTokens: count("cache_write_input_tokens"),
    reasoningTokens: count("reasoning_output_tokens"),
  };
}
