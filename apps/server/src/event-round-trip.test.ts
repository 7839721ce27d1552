import { create, fromBinary, fromJson, fromJsonString, toBinary, toJsonString } from "@bufbuild/protobuf";
import { eventFromProto } from "@tau/client";
import type { RunEvent, SessionEvent } from "@tau/core";
import { RunResponseSchema } from "@tau/proto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { createEventWriter } from "./event-to-proto.ts";

const text = fc.string({ unit: "grapheme", maxLength: 20 });
const id = fc.stringMatching(/^[a-z0-9-]{1,12}$/);
const count = fc.nat(1_000_000_000_000);
const small = fc.nat(1_000_000);
const json = fc.dictionary(id, fc.oneof(text, fc.boolean(), fc.constant(null), small, fc.array(text)));

type EventOf<Type extends SessionEvent["type"]> = Extract<SessionEvent, { readonly type: Type }>;

/** Never sent: what the marks around untrusted text are made from. */
type NotSent = "type" | "fenceKey";

/** A generator for a fact, some of whose fields may be absent; one that was forgotten does not compile. */
function factOf<Type extends SessionEvent["type"], Else extends string = never>(
  model: Readonly<Record<Exclude<keyof EventOf<Type>, NotSent | Else> & string, fc.Arbitrary<unknown>>>,
  optional: readonly string[] = [],
): fc.Arbitrary<object> {
  const fields: Readonly<Record<string, fc.Arbitrary<unknown>>> = model;
  return record(fields, optional);
}

/** An object whose optional properties are there or not. */
function record<T, K extends keyof T & string>(
  model: { [P in keyof T]: fc.Arbitrary<T[P]> },
  optional: readonly K[],
): fc.Arbitrary<Omit<T, K> & Partial<Pick<T, K>>> {
  return fc.tuple(fc.record(model), fc.subarray([...optional])).map(([whole, dropped]) => {
    const rest: Omit<T, K> & Partial<Pick<T, K>> = { ...whole };
    for (const key of dropped) Reflect.deleteProperty(rest, key);
    return rest;
  });
}

const label = fc.record({
  integrity: fc.constantFrom("system", "user", "workspace", "untrusted"),
  origins: fc.array(id),
  confidentiality: fc.constantFrom("public", "workspace", "secret"),
  secrets: fc.array(id),
});
const entry = record({ key: id, content: text, contentType: fc.constant("text/plain"), label }, [
  "contentType",
  "label",
]);
const usage = fc.record({
  inputTokens: count,
  outputTokens: count,
  cacheReadTokens: count,
  cacheWriteTokens: count,
  reasoningTokens: count,
});
const source = fc.oneof(
  fc.record({
    kind: fc.constant("base64" as const),
    data: fc.uint8Array().map((bytes) => Buffer.from(bytes).toString("base64")),
  }),
  fc.record({ kind: fc.constant("url" as const), url: fc.webUrl() }),
);
const providerData = fc.record({ protocol: id, data: json });
const citation = record({ url: fc.webUrl(), title: text, quote: text, start: small, end: small }, [
  "url",
  "title",
  "quote",
  "start",
  "end",
]);
const citations = fc.array(citation, { minLength: 1, maxLength: 3 });
const textPart = record({ type: fc.constant("text" as const), text, citations, providerData, label }, [
  "citations",
  "providerData",
  "label",
]);
const thinkingPart = record(
  { type: fc.constant("thinking" as const), text, signature: text, redacted: text, providerData },
  ["signature", "redacted", "providerData"],
);
const providerPart = fc.record({ type: fc.constant("provider_item" as const), kind: id, providerData });
const imagePart = record({ type: fc.constant("image" as const), mediaType: id, source, label }, ["label"]);
const audioPart = record({ type: fc.constant("audio" as const), mediaType: id, source, label }, ["label"]);
const filePart = record({ type: fc.constant("file" as const), mediaType: id, name: text, source, label }, [
  "name",
  "label",
]);
const toolCallPart = record(
  { type: fc.constant("tool_call" as const), id, name: id, arguments: text, providerData },
  ["providerData"],
);
const sideEffect = fc.constantFrom("pure", "idempotent", "compensable", "irreversible");
const waitingReason = fc.constantFrom("approval", "unknown_effect", "question");
const limits = record({ maxSteps: small, maxTokens: count, maxCostMicroUsd: count, maxDurationMs: count }, [
  "maxSteps",
  "maxTokens",
  "maxCostMicroUsd",
  "maxDurationMs",
]);
const error = record(
  {
    code: id,
    message: text,
    class: fc.constantFrom("permanent", "retryable", "rate_limited", "auth", "cancelled"),
    retryAfterMs: count,
  },
  ["retryAfterMs"],
);

const grantedEffect = record({ rule: text, cwd: text, files: fc.dictionary(id, id, { minKeys: 1 }) }, [
  "cwd",
  "files",
]);
const grant = fc.record({ effects: fc.array(grantedEffect), workspace: text, profile: id, ttlMs: count });
const remember = fc.constantFrom("session", "always");
const kinds = fc.array(
  fc.constantFrom(
    "read",
    "read_secret",
    "read_untrusted",
    "write",
    "persist",
    "command",
    "external",
    "irreversible",
  ),
  { minLength: 1 },
);

/** One generator for every fact; a missing one does not compile. */
const facts: { readonly [Type in SessionEvent["type"]]: fc.Arbitrary<object> } = {
  session_created: factOf<"session_created">(
    {
      sessionId: id,
      tenant: id,
      principal: id,
      bootstrap: fc.array(entry),
      forkedFrom: fc.record({ sessionId: id, seq: count }),
    },
    ["forkedFrom"],
  ),
  run_started: factOf<"run_started">({
    runId: id,
    agent: id,
    principal: id,
    prompt: fc.record({
      role: fc.constant("user"),
      parts: fc.array(fc.oneof(textPart, imagePart, audioPart, filePart)),
    }),
    limits,
    environment: id,
    profile: text,
  }),
  run_resumed: factOf<"run_resumed">({ runId: id, rerunEffects: fc.array(id) }),
  context_injected: factOf<"context_injected">({ runId: id, entries: fc.array(entry), inboxSeq: count }),
  model_finished: factOf<"model_finished">(
    {
      runId: id,
      step: small,
      provider: id,
      model: id,
      message: fc.record({
        role: fc.constant("assistant"),
        parts: fc.array(
          fc.oneof(textPart, thinkingPart, imagePart, audioPart, filePart, toolCallPart, providerPart),
        ),
      }),
      usage,
      costMicroUsd: count,
      stopReason: fc.constantFrom(
        "stop",
        "length",
        "tool_calls",
        "stop_sequence",
        "content_filtered",
        "pause",
      ),
      durationMs: count,
      stopDetails: json,
      label,
    },
    ["costMicroUsd", "stopDetails", "label"],
  ),
  permission_decided: factOf<"permission_decided">(
    {
      runId: id,
      effectId: id,
      tool: id,
      decision: fc.constantFrom("deny", "ask", "allow"),
      reason: text,
      rule: text,
      rewrittenArguments: text,
      kinds,
      label,
    },
    ["rule", "rewrittenArguments", "kinds", "label"],
  ),
  approval_requested: factOf<"approval_requested">(
    {
      runId: id,
      approvalId: id,
      effectId: id,
      reason: waitingReason,
      tool: id,
      arguments: text,
      binding: text,
      summary: text,
      expiresAt: count,
      held: fc.record({ transactionId: id, hash: id, changes: fc.nat(), diff: text }),
      question: fc.oneof(fc.record({ text }), fc.record({ text, options: fc.array(text, { minLength: 1 }) })),
      label,
      times: small,
      grant,
    },
    ["held", "question", "label", "times", "grant"],
  ),
  approval_answered: factOf<"approval_answered">(
    {
      runId: id,
      approvalId: id,
      effectId: id,
      answer: fc.constantFrom("allow", "deny", "rerun", "done", "answer"),
      by: id,
      note: text,
      remember,
    },
    ["note", "remember"],
  ),
  effect_started: factOf<"effect_started">({
    runId: id,
    effectId: id,
    callId: id,
    tool: id,
    sideEffect,
    idempotencyKey: id,
    environment: id,
  }),
  effect_finished: fc
    .tuple(
      factOf<"effect_finished", "result" | "callId" | "tool">(
        {
          runId: id,
          effectId: id,
          outcome: fc.constantFrom("completed", "failed", "denied", "cancelled", "unknown"),
          durationMs: count,
          details: json,
          kept: json,
          tainted: fc.record({ paths: fc.array(text), label }),
          values: fc.dictionary(id, fc.record({ value: text, label }), { minKeys: 1 }),
          spent: fc.record({ usage, costMicroUsd: count }),
        },
        ["details", "kept", "tainted", "values", "spent"],
      ),
      fc.record({ callId: id, tool: id }),
      fc.array(fc.oneof(textPart, imagePart, filePart), { maxLength: 3 }),
      fc.boolean(),
    )
    .map(([event, { callId, tool }, content, isError]) => ({
      ...event,
      callId,
      tool,
      result: { type: "tool_result", callId, name: tool, content, isError },
    })),
  hook_decided: factOf<"hook_decided">(
    {
      runId: id,
      hook: id,
      point: fc.constantFrom("before_run", "before_tool", "after_tool", "iteration", "stop"),
      decision: fc.constantFrom("allow", "deny", "rewrite", "stop", "continue", "error"),
      reason: text,
      details: json,
    },
    ["reason", "details"],
  ),
  context_trimmed: factOf<"context_trimmed">(
    {
      runId: id,
      fromSeq: count,
      droppedMessages: small,
      clearedCalls: fc.array(id, { minLength: 1 }),
    },
    ["clearedCalls"],
  ),
  run_waiting: factOf<"run_waiting">({ runId: id, reason: waitingReason, approvalIds: fc.array(id) }),
  run_finished: factOf<"run_finished">(
    {
      runId: id,
      status: fc.constantFrom("completed", "failed", "cancelled"),
      reason: fc.constantFrom(
        "answered",
        "stop_condition",
        "stopped_by_hook",
        "error",
        "limit_steps",
        "limit_tokens",
        "limit_cost",
        "limit_time",
        "length",
        "content_filtered",
        "cancelled",
        "deadline",
      ),
      steps: small,
      usage,
      costMicroUsd: count,
      error,
    },
    ["error"],
  ),
  unknown: factOf<"unknown">({ originalType: id, originalVersion: small, body: json }),
};

const deltas: fc.Arbitrary<object> = fc.oneof(
  fc.record({ type: fc.constantFrom("text_delta", "thinking_delta"), text }),
  fc.record({ type: fc.constant("tool_call_started"), index: small, id, name: id }),
  fc.record({ type: fc.constant("tool_progress"), effectId: id, tool: id, text }),
);

function throughTheContract(event: object): RunEvent | undefined {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the generators make events
  const response = createEventWriter().toProto(event as RunEvent);
  const overBinary = fromBinary(RunResponseSchema, toBinary(RunResponseSchema, response));
  const overJson = fromJsonString(RunResponseSchema, toJsonString(RunResponseSchema, overBinary));
  return eventFromProto(overJson);
}

describe("an event through the contract and back", () => {
  it.each(Object.entries(facts))("%s stays what it was", (type, body) => {
    fc.assert(
      fc.property(body, fc.integer({ min: 1, max: 2 ** 50 }), count, (event, seq, at) => {
        const sent = { kind: "event", seq, at, event: { type, ...event } };
        expect(throughTheContract(sent)).toEqual(sent);
      }),
    );
  });

  it("fragments stay what they were", () => {
    fc.assert(
      fc.property(deltas, id, (delta, runId) => {
        const sent = { kind: "delta", runId, delta };
        expect(throughTheContract(sent)).toEqual(sent);
      }),
    );
  });

  it("of a newer server is shown as unknown, or skipped when it was a fragment", () => {
    const fact = create(RunResponseSchema, { seq: 3n, runId: "r", event: { case: undefined } });
    expect(eventFromProto(fact)).toMatchObject({ kind: "event", seq: 3, event: { type: "unknown" } });
    expect(eventFromProto(create(RunResponseSchema, { runId: "r" }))).toBeUndefined();
    const newWord = fromJson(RunResponseSchema, {
      seq: 4,
      hookDecided: { hook: "h", point: 99, decision: "HOOK_DECISION_ALLOW" },
    });
    expect(eventFromProto(newWord)).toMatchObject({
      event: {
        type: "unknown",
        originalType: "hookDecided",
        body: { hookDecided: { hook: "h", point: 99 } },
      },
    });
  });

  it("repeats the arguments of a call where it starts and ends", () => {
    const writer = createEventWriter();
    const runId = "r";
    const call = { type: "tool_call", id: "c1", name: "read", arguments: '{"path":"a"}' } as const;
    writer.toProto({
      kind: "event",
      seq: 1,
      at: 0,
      event: {
        type: "model_finished",
        runId,
        step: 1,
        provider: "p",
        model: "m",
        message: { role: "assistant", parts: [call] },
        usage: {
          inputTokens: 0,
          outputTokens: 0,
          cacheReadTokens: 0,
          cacheWriteTokens: 0,
          reasoningTokens: 0,
        },
        stopReason: "tool_calls",
        durationMs: 1,
      },
    });
    const started = writer.toProto({
      kind: "event",
      seq: 2,
      at: 0,
      event: {
        type: "effect_started",
        runId,
        effectId: "e1",
        callId: "c1",
        tool: "read",
        sideEffect: "pure",
        idempotencyKey: "k",
        environment: "host",
      },
    });
    expect(started.event.value).toMatchObject({
      toolName: "read",
      arguments: '{"path":"a"}',
      toolCallId: "c1",
    });
  });
});
