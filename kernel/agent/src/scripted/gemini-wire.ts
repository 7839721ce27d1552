import { isJsonObject, parseJson } from "@tau/core";
import type { JsonObject, StopReason, Usage } from "@tau/core";

import { piecesOf } from "./answer.ts";
import type { Answer } from "./answer.ts";

const finishReasons: Readonly<Record<StopReason, string>> = {
  stop: "STOP",
  length: "MAX_TOKENS",
  tool_calls: "STOP",
  stop_sequence: "STOP",
  content_filtered: "SAFETY",
  pause: "STOP",
};

/** Writes an answer as the chunks of `streamGenerateContent`, each with its framing. */
export function geminiEvents(answer: Answer): readonly string[] {
  const pieces = (text: string, rest: JsonObject = {}): readonly JsonObject[] =>
    piecesOf(text, answer.chunkChars).map((piece) => ({ ...rest, text: piece }));
  const parts = [...pieces(answer.thinking, { thought: true }), ...pieces(answer.text), ...callParts(answer)];
  return [
    ...parts.map((part) => frame(chunkOf(answer, [part]))),
    frame(chunkOf(answer, [{ text: "" }], finishReasonOf(answer))),
  ];
}

/** Writes an answer as one object of `generateContent`. */
export function geminiObject(answer: Answer): JsonObject {
  const parts: JsonObject[] = answer.thinking === "" ? [] : [{ text: answer.thinking, thought: true }];
  if (answer.text !== "") parts.push({ text: answer.text });
  return chunkOf(answer, [...parts, ...callParts(answer)], finishReasonOf(answer));
}

/** Writes an error in Google's words. */
export function geminiError(status: number, message: string): JsonObject {
  const names: Readonly<Record<number, string>> = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
  };
  return { error: { code: status, message, status: names[status] ?? "INTERNAL" } };
}

/** The calls; the first one bears the signature of the thoughts before it. Broken JSON has no place here. */
function callParts({ calls, thinking, signature }: Answer): readonly JsonObject[] {
  return calls.flatMap(({ id, name, arguments: text }, index) => {
    const parsed = parseJson(text);
    if (!parsed.ok || !isJsonObject(parsed.value)) return [];
    const signed = index === 0 && thinking !== "" ? { thoughtSignature: signature } : {};
    return [{ functionCall: { id, name, args: parsed.value }, ...signed }];
  });
}

/** What the model wrote as a broken call is all that Google tells of it. */
function finishReasonOf(answer: Answer): string {
  const isBroken = callParts(answer).length < answer.calls.length;
  return isBroken ? "MALFORMED_FUNCTION_CALL" : finishReasons[answer.stopReason];
}

function chunkOf(answer: Answer, parts: readonly JsonObject[], finishReason?: string): JsonObject {
  const end = finishReason === undefined ? {} : { finishReason };
  return {
    candidates: [{ content: { parts, role: "model" }, ...end, index: 0 }],
    usageMetadata: wireUsage(answer.usage),
    modelVersion: answer.model,
    responseId: answer.id,
  };
}

function wireUsage(usage: Usage): JsonObject {
  return {
    promptTokenCount: usage.inputTokens,
    candidatesTokenCount: usage.outputTokens - usage.reasoningTokens,
    totalTokenCount: usage.inputTokens + usage.outputTokens,
    cachedContentTokenCount: usage.cacheReadTokens,
    thoughtsTokenCount: usage.reasoningTokens,
  };
}

function frame(chunk: JsonObject): string {
  return `data: ${JSON.stringify(chunk)}\r\n\r\n`;
}
