import { createAnthropicEventReader } from "@tau/agent/adapter";
import type { AnthropicEventReader, ModelIdentity } from "@tau/agent/adapter";
import { isJsonObject } from "@tau/core";
import type { Json, JsonObject, ModelEvent } from "@tau/core";

import type { CliExit } from "../cli-process.ts";
import type { CliFailure, CliReader } from "../cli-protocol.ts";
import { fromCommandName } from "./shelf-config.ts";

/** The command's names for what went wrong, in the provider's words. */
const types: Readonly<Record<string, string>> = {
  authentication_failed: "authentication_error",
  oauth_org_not_allowed: "authentication_error",
  billing_error: "billing_error",
  rate_limit: "rate_limit_error",
  model_not_found: "not_found_error",
  server_error: "api_error",
};

const dayMs = 86_400_000;

/**
 * Reads `--output-format stream-json`: the provider's own events, wrapped. The first message is the answer; what the
 * command would do after one that stopped early, such as asking for the rest, is not waited for.
 */
export class ClaudeReader implements CliReader {
  readonly #events: AnthropicEventReader;
  readonly #now: () => number;
  #stopped = false;
  #failure: CliFailure | undefined;
  #resetsAt: number | undefined;

  constructor(identity: ModelIdentity, now: () => number = Date.now) {
    this.#events = createAnthropicEventReader(identity);
    this.#now = now;
  }

  read(line: JsonObject): readonly ModelEvent[] {
    switch (line["type"]) {
      case "stream_event":
        return isJsonObject(line["event"]) ? this.#readEvent(line["event"]) : [];
      case "rate_limit_event": {
        const info = line["rate_limit_info"];
        if (isJsonObject(info) && typeof info["resetsAt"] === "number")
          this.#resetsAt = info["resetsAt"] * 1000;
        return [];
      }
      case "assistant":
        if (typeof line["error"] === "string") this.#fail(line["error"], line);
        return [];
      case "result":
        if (line["is_error"] === true) this.#fail(this.#failure?.type ?? "", line);
        return [];
      default:
        return [];
    }
  }

  /**
   * An answer that broke off may get a `message_stop` of the command's own. The provider says before its own one why
   * it stopped; without that, the answer is not whole.
   */
  #readEvent(event: JsonObject): readonly ModelEvent[] {
    const { type, delta } = event;
    if (type === "message_delta" && isJsonObject(delta) && typeof delta["stop_reason"] === "string") {
      this.#stopped = true;
    }
    return type === "message_stop" && !this.#stopped ? [] : this.#events.read(event).map(withToolNames);
  }

  failure(_exit: CliExit): CliFailure | undefined {
    return this.#failure;
  }

  /** The last line of a failed run says most of it; the one before names it. */
  #fail(name: string, line: JsonObject): void {
    const { status: knownStatus, message: knownMessage } = this.#failure ?? {};
    const status = typeof line["api_error_status"] === "number" ? line["api_error_status"] : knownStatus;
    const message = textOf(line["result"]) ?? knownMessage ?? firstText(line["message"]);
    const disconnected = line["api_error"] === "connection_failed" || this.#failure?.disconnected === true;
    const waitMs = this.#resetsAt === undefined ? undefined : this.#resetsAt - this.#now();
    this.#failure = {
      ...(status === undefined ? {} : { status }),
      type: typeOf(name, status, line),
      message: message ?? "",
      ...(disconnected ? { disconnected } : {}),
      ...(waitMs !== undefined && waitMs > 0 && waitMs <= dayMs ? { retryAfterMs: waitMs } : {}),
    };
  }
}

/** The command's names for the request's tools are nobody else's business. */
function withToolNames(event: ModelEvent): ModelEvent {
  if (event.type === "tool_call_started") return { ...event, name: fromCommandName(event.name) };
  if (event.type !== "finished") return event;
  const parts = event.message.parts.map((part) =>
    part.type === "tool_call" ? { ...part, name: fromCommandName(part.name) } : part,
  );
  return { ...event, message: { ...event.message, parts } };
}

function typeOf(name: string, status: number | undefined, line: JsonObject): string {
  if (line["terminal_reason"] === "prompt_too_long") return "context_length_exceeded";
  if (line["stop_reason"] === "refusal") return "content_filter";
  // The status tells a failing provider from an overloaded one.
  if (name === "server_error" && status !== undefined) return "";
  return types[name] ?? name;
}

function textOf(value: Json | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function firstText(message: Json | undefined): string | undefined {
  const content = isJsonObject(message) ? message["content"] : undefined;
  const first = Array.isArray(content) ? content[0] : undefined;
  return isJsonObject(first) ? textOf(first["text"]) : undefined;
}
