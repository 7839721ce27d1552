import { isJsonObject, noUsage, parseJson } from "@tau/core";
import type { Json, JsonObject, ModelEvent, Usage } from "@tau/core";

import type { CliExit } from "../cli-process.ts";
import type { CliFailure, CliReader } from "../cli-protocol.ts";

/** Exit codes of the command: no login, and a login that it cannot use. */
const authExitCodes = new Set([41]);

/** Reads `--output-format stream-json`. */
export class GeminiReader implements CliReader {
  readonly #model: string;
  #text = "";
  #failure: CliFailure | undefined;

  constructor(model: string) {
    this.#model = model;
  }

  read(line: JsonObject): readonly ModelEvent[] {
    const { type, role, content, status } = line;
    if (type === "message" && role === "assistant" && typeof content === "string" && content !== "") {
      this.#text += content;
      return [{ type: "text_delta", text: content }];
    }
    if (type !== "result") return [];
    if (status === "success") return [this.#finished(line["stats"])];
    this.#failure = toFailure(line["error"]);
    return [];
  }

  failure({ exitCode, errorOutput }: CliExit): CliFailure | undefined {
    if (authExitCodes.has(exitCode)) return { status: 401, message: errorOutput.trim() };
    if (this.#failure === undefined || this.#failure.status !== undefined) return this.#failure;
    // The line may say what happened without its number; the error output has it then.
    const found = /\b(?:status|code): (\d{3})\b/.exec(errorOutput)?.[1];
    if (found !== undefined) return { ...this.#failure, status: Number(found) };
    const cut = /terminated|fetch failed|socket|ECONN|network/i.test(this.#failure.message);
    return cut ? { ...this.#failure, disconnected: true } : this.#failure;
  }

  #finished(stats: Json | undefined): ModelEvent {
    const answered = isJsonObject(stats) && isJsonObject(stats["models"]) ? Object.keys(stats["models"]) : [];
    return {
      type: "finished",
      message: { role: "assistant", parts: this.#text === "" ? [] : [{ type: "text", text: this.#text }] },
      usage: toUsage(stats),
      stopReason: "stop",
      model: answered.at(-1) ?? this.#model,
    };
  }
}

/** `[API Error: …]` around a sentence, or around the JSON that the provider sent. */
function toFailure(error: Json | undefined): CliFailure {
  const text = isJsonObject(error) && typeof error["message"] === "string" ? error["message"] : "";
  const said = /^\[API Error: ([\s\S]*)\]/.exec(text)?.[1] ?? text;
  const parsed = parseJson(said);
  const inner = parsed.ok && isJsonObject(parsed.value) ? parsed.value["error"] : undefined;
  if (!isJsonObject(inner)) return { message: said };
  const { code, status, message } = inner;
  return {
    ...(typeof code === "number" ? { status: statusOf(code, message) } : {}),
    type: typeof status === "string" ? status : "",
    message: typeof message === "string" ? message : said,
  };
}

/** Google calls a wrong key an invalid request. */
function statusOf(code: number, message: Json | undefined): number {
  return code === 400 && typeof message === "string" && /API key/.test(message) ? 401 : code;
}

/** Thoughts are part of the total only. */
function toUsage(stats: Json | undefined): Usage {
  if (!isJsonObject(stats)) return noUsage;
  const count = (name: string): number => {
    const value = stats[name];
    return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : 0;
  };
  const [inputTokens, said] = [count("input_tokens"), count("output_tokens")];
  const outputTokens = Math.max(said, count("total_tokens") - inputTokens);
  return {
    inputTokens,
    outputTokens,
    cacheReadTokens: count("cached"),
    cacheWriteTokens: 0,
    reasoningTokens: outputTokens - said,
  };
}
