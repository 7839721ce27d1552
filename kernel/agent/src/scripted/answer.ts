import type { StopReason, Usage } from "@tau/core";

import type { TranscriptTurn } from "./transcript.ts";
import type { WireRequest } from "./wire-request.ts";

/** A tool call with everything filled in. */
export interface AnswerCall {
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
}

/** A turn with everything filled in, ready to be put in a protocol's words. */
export interface Answer {
  readonly id: string;
  readonly model: string;
  readonly thinking: string;
  readonly signature: string;
  readonly text: string;
  readonly calls: readonly AnswerCall[];
  readonly stopReason: StopReason;
  readonly usage: Usage;
  readonly chunkChars: number;
}

/** Fills in the defaults of a turn. Everything follows from the turn and the request alone. */
export function toAnswer(turn: TranscriptTurn, request: WireRequest, model: string): Answer {
  const calls = (turn.toolCalls ?? []).map((call, index) => ({
    id: call.id ?? `call_${request.assistantMessages + 1}_${index + 1}`,
    name: call.name,
    arguments: typeof call.arguments === "string" ? call.arguments : JSON.stringify(call.arguments),
  }));
  const { text = "", thinking = "" } = turn;
  const said = text.length + thinking.length + calls.reduce((sum, call) => sum + call.arguments.length, 0);
  return {
    id: `scripted_${request.assistantMessages + 1}`,
    model,
    thinking,
    signature: turn.signature ?? "signed",
    text,
    calls,
    stopReason: turn.stopReason ?? (calls.length > 0 ? "tool_calls" : "stop"),
    usage: {
      inputTokens: turn.usage?.inputTokens ?? Math.ceil(request.size / 4),
      outputTokens: turn.usage?.outputTokens ?? Math.ceil(said / 4),
      cacheReadTokens: turn.usage?.cacheReadTokens ?? 0,
      cacheWriteTokens: turn.usage?.cacheWriteTokens ?? 0,
      reasoningTokens: turn.usage?.reasoningTokens ?? Math.ceil(thinking.length / 4),
    },
    chunkChars: turn.chunkChars ?? 12,
  };
}

/** Cuts a text into pieces of `size` code units, never inside a character. */
export function piecesOf(text: string, size: number): readonly string[] {
  const pieces: string[] = [];
  for (let start = 0; start < text.length;) {
    let end = Math.min(start + size, text.length);
    const last = text.charCodeAt(end - 1);
    if (last >= 0xd800 && last <= 0xdbff && end < text.length) end++;
    pieces.push(text.slice(start, end));
    start = end;
  }
  return pieces;
}
