import { noUsage, userText } from "@tau/core";
import type {
  EffectFinished,
  ModelCallFinished,
  Recorded,
  RunFinished,
  RunStarted,
  SessionCreated,
  SessionEvent,
  ToolCallPart,
  ToolResultPart,
} from "@tau/core";

import { effectIdOf } from "./run-state.ts";

/** Events with their places, from 1 on. */
export function recorded(events: readonly SessionEvent[], fromSeq = 1): readonly Recorded[] {
  return events.map((event, index) => ({ seq: fromSeq + index, at: 1_000 + fromSeq + index, event }));
}

export function created(): SessionCreated {
  return { type: "session_created", sessionId: "s1", tenant: "acme", principal: "ada", bootstrap: [] };
}

export function started(runId: string, prompt: string): RunStarted {
  return {
    type: "run_started",
    runId,
    agent: "main",
    principal: "ada",
    prompt: userText(prompt),
    limits: {},
    environment: "host",
    profile: "abc",
  };
}

export function callPart(id: string): ToolCallPart {
  return { type: "tool_call", id, name: "read", arguments: "{}" };
}

export function answer(runId: string, step: number, calls: readonly ToolCallPart[]): ModelCallFinished {
  return {
    type: "model_finished",
    runId,
    step,
    provider: "test",
    model: "m1",
    message: { role: "assistant", parts: calls },
    usage: { ...noUsage, inputTokens: 10, outputTokens: 2 },
    costMicroUsd: 7,
    stopReason: calls.length > 0 ? "tool_calls" : "stop",
    durationMs: 5,
  };
}

export function result(callId: string): ToolResultPart {
  return {
    type: "tool_result",
    callId,
    name: "read",
    content: [{ type: "text", text: `of ${callId}` }],
    isError: false,
  };
}

export function finished(runId: string, index: number, callId: string): EffectFinished {
  return {
    type: "effect_finished",
    runId,
    effectId: effectIdOf(runId, 1, index),
    callId,
    tool: "read",
    outcome: "completed",
    result: result(callId),
    durationMs: 1,
  };
}

export function ended(runId: string, status: RunFinished["status"]): RunFinished {
  const usage = { ...noUsage, inputTokens: 10, outputTokens: 2 };
  return { type: "run_finished", runId, status, reason: "answered", steps: 1, usage, costMicroUsd: 7 };
}
