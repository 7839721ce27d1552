import { isJsonObject, parseJson } from "@tau/core";
import type { JsonObject, StopReason } from "@tau/core";

import { piecesOf } from "./answer.ts";
import type { Answer } from "./answer.ts";

const doneReasons: Readonly<Record<StopReason, string>> = {
  stop: "stop",
  length: "length",
  tool_calls: "stop",
  stop_sequence: "stop",
  content_filtered: "stop",
  pause: "stop",
};

/** Writes an answer as the lines of an `/api/chat` stream. */
export function ollamaEvents(answer: Answer): readonly string[] {
  const size = answer.chunkChars;
  const messages = [
    ...piecesOf(answer.thinking, size).map((thinking) => ({ content: "", thinking })),
    ...piecesOf(answer.text, size).map((content) => ({ content })),
    ...toolCalls(answer).map((call) => ({ content: "", tool_calls: [call] })),
  ];
  return [
    ...messages.map((message) =>
      frame({ ...head(answer), message: { role: "assistant", ...message }, done: false }),
    ),
    frame({ ...head(answer), message: { role: "assistant", content: "" }, ...tail(answer) }),
  ];
}

/** Writes an answer as one object of `/api/chat`. */
export function ollamaObject(answer: Answer): JsonObject {
  const calls = toolCalls(answer);
  const message = {
    role: "assistant",
    content: answer.text,
    ...(answer.thinking === "" ? {} : { thinking: answer.thinking }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
  return { ...head(answer), message, ...tail(answer) };
}

/** Writes an error as Ollama does: a sentence and nothing else. */
export function ollamaError(_status: number, message: string): JsonObject {
  return { error: message };
}

function head(answer: Answer): JsonObject {
  return { model: answer.model, created_at: "2026-01-01T00:00:00.000000Z" };
}

function tail({ stopReason, usage }: Answer): JsonObject {
  return {
    done: true,
    done_reason: doneReasons[stopReason],
    prompt_eval_count: usage.inputTokens,
    eval_count: usage.outputTokens,
  };
}

/** Ollama parses what a model writes; broken JSON never becomes a call. */
function toolCalls({ calls }: Answer): readonly JsonObject[] {
  return calls.flatMap(({ id, name, arguments: text }, index) => {
    const parsed = parseJson(text);
    if (!parsed.ok || !isJsonObject(parsed.value)) return [];
    return [{ id, function: { index, name, arguments: parsed.value } }];
  });
}

function frame(line: JsonObject): string {
  return `${JSON.stringify(line)}\n`;
}
