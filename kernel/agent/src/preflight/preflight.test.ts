import { userText } from "@tau/core";
import type { Message } from "@tau/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { defineCapabilities, unknownCapabilities } from "../capabilities.ts";
import type { CapabilityFacts, ModelCapabilities } from "../capabilities.ts";
import type { ModelRequest } from "../model.ts";
import { createOpenAiChat } from "../openai-chat/openai-chat.ts";
import { noCompatibleCandidate } from "./no-compatible-candidate.ts";
import { capabilitiesOf, checkRequirements, preflight } from "./preflight.ts";
import { estimatePromptTokens } from "./requirements.ts";

const tool = { name: "look", description: "Looks.", inputSchema: { type: "object" } } as const;
const source = { kind: "base64", data: "AAAA" } as const;
const image = { type: "image", mediaType: "image/png", source } as const;
const media: Message = {
  role: "user",
  parts: [
    image,
    { type: "audio", mediaType: "audio/wav", source },
    { type: "file", mediaType: "application/pdf", source },
  ],
};

/** A request that needs everything at once. */
const demanding: ModelRequest = {
  messages: [media],
  tools: [tool, { ...tool, name: "touch" }],
  toolChoice: "required",
  outputSchema: { name: "answer", schema: { type: "object" } },
  reasoning: "high",
  temperature: 0,
  maxOutputTokens: 9_000,
};

const nothing: CapabilityFacts = {
  chat: "no",
  tools: "no",
  forcedTools: "no",
  toolsWithSchema: "no",
  structuredOutput: "none",
  reasoning: "no",
  reasoningWithTools: "no",
  sampling: "no",
  input: { image: "no", audio: "no", file: "no" },
  maxContextTokens: 1_000,
  maxOutputTokens: 500,
};

const everything: CapabilityFacts = {
  chat: "yes",
  streaming: "yes",
  tools: "yes",
  forcedTools: "yes",
  toolsWithSchema: "yes",
  structuredOutput: "strict_schema",
  reasoning: "yes",
  reasoningWithTools: "yes",
  sampling: "yes",
  input: { image: "yes", audio: "yes", file: "yes" },
  maxContextTokens: 1_000_000,
  maxOutputTokens: 100_000,
};

const kindsOf = (request: ModelRequest, capabilities: ModelCapabilities) =>
  preflight(request, capabilities).reasons.map(({ kind }) => kind);

describe("preflight()", () => {
  test("gives every reason at once", () => {
    const result = preflight(demanding, defineCapabilities(nothing));

    expect(result).toMatchObject({ verdict: "no", compatible: false });
    expect(result.reasons.map(({ kind, known }) => `${kind} ${known}`)).toEqual([
      "chat no",
      "tools no",
      "forced_tools no",
      "structured_output no",
      "tools_with_schema no",
      "reasoning no",
      "reasoning_with_tools no",
      "vision no",
      "audio no",
      "files no",
      "sampling no",
      "context no",
      "output no",
    ]);
    expect(result.reasons.find(({ kind }) => kind === "tools")).toMatchObject({ wanted: 2 });
    expect(result.reasons.find(({ kind }) => kind === "output")).toMatchObject({ wanted: 9_000, limit: 500 });
    expect(result.reasons.find(({ kind }) => kind === "tools_with_schema")?.message).toContain("second call");
  });

  test("says yes when everything is there", () => {
    expect(preflight(demanding, defineCapabilities(everything))).toEqual({
      verdict: "yes",
      compatible: true,
      reasons: [],
    });
  });

  test("tells what nobody knows apart, and lets it pass only when told to", () => {
    const result = preflight(demanding, unknownCapabilities);

    expect(result).toMatchObject({ verdict: "unknown", compatible: false });
    expect(new Set(result.reasons.map(({ known }) => known))).toEqual(new Set(["unknown"]));
    expect(preflight(demanding, unknownCapabilities, { unknown: "allow" })).toEqual({
      ...result,
      compatible: true,
    });
  });

  test("never lets a no pass, whatever the policy", () => {
    const capabilities = defineCapabilities({ tools: "no" });

    expect(preflight(demanding, capabilities, { unknown: "allow" })).toMatchObject({
      verdict: "no",
      compatible: false,
    });
  });

  test("asks only for what the request needs", () => {
    const plain: ModelRequest = { messages: [userText("Hi")], tools: [] };
    const capabilities = defineCapabilities({ ...nothing, chat: "unknown" });

    expect(kindsOf(plain, capabilities)).toEqual([]);
    expect(kindsOf({ ...plain, tools: [tool], toolChoice: "none" }, capabilities)).toEqual([]);
    expect(kindsOf({ ...plain, reasoning: "none" }, capabilities)).toEqual([]);
    expect(kindsOf({ ...plain, tools: [tool] }, capabilities)).toEqual(["tools"]);
    expect(kindsOf({ ...plain, reasoning: "low" }, capabilities)).toEqual(["reasoning"]);
    expect(kindsOf({ ...plain, topP: 1 }, capabilities)).toEqual(["sampling"]);
  });

  test("sees pictures in the results of tools, and reads text files as text", () => {
    const result: Message = {
      role: "tool",
      parts: [{ type: "tool_result", callId: "a", name: "look", content: [image], isError: false }],
    };
    const notes: Message = { role: "user", parts: [{ type: "file", mediaType: "text/plain", source }] };
    const capabilities = defineCapabilities({ ...everything, input: { image: "no", file: "no" } });

    expect(kindsOf({ messages: [result], tools: [] }, capabilities)).toEqual(["vision"]);
    expect(kindsOf({ messages: [notes], tools: [] }, capabilities)).toEqual([]);
  });

  test.each(["json_mode", "forced_tool", "strict_schema"] as const)("takes %s for a schema", (kind) => {
    const capabilities = defineCapabilities({ ...everything, structuredOutput: kind });

    expect(kindsOf(demanding, capabilities)).toEqual([]);
  });
});

describe("the context limit", () => {
  const request: ModelRequest = { messages: [userText("Hi")], tools: [], maxOutputTokens: 100 };

  test.each([
    ["holds the prompt and the answer", 900, {}, []],
    ["is too small for both", 901, {}, ["context"]],
    ["limits the prompt apart", 800, { maxInputTokens: 700 }, ["context"]],
    ["is met where the prompt is limited apart", 700, { maxInputTokens: 700 }, []],
  ])("%s", (_name, promptTokens, limits, kinds) => {
    const capabilities = defineCapabilities({ ...everything, maxContextTokens: 1_000, ...limits });

    const { reasons } = preflight(request, capabilities, { promptTokens });

    expect(reasons.map(({ kind }) => kind)).toEqual(kinds);
  });

  test("counts instructions, tools and the schema", () => {
    const text = "x".repeat(4_000);
    const bare = estimatePromptTokens({ messages: [], tools: [] });

    expect(bare).toBe(0);
    expect(estimatePromptTokens({ messages: [], tools: [], system: text })).toBeGreaterThanOrEqual(1_000);
    expect(
      estimatePromptTokens({ messages: [], tools: [{ ...tool, description: text }] }),
    ).toBeGreaterThanOrEqual(1_000);
    expect(
      estimatePromptTokens({
        messages: [],
        tools: [],
        outputSchema: { name: "a", schema: { description: text } },
      }),
    ).toBeGreaterThanOrEqual(1_000);
  });
});

describe("checkRequirements()", () => {
  test("answers for a role before there is a request", () => {
    const capabilities = defineCapabilities({ ...everything, parallelTools: "no", embeddings: "no" });

    expect(
      checkRequirements({ tools: true, parallelTools: true, promptTokens: 2_000_000 }, capabilities),
    ).toMatchObject({ verdict: "no", reasons: [{ kind: "parallel_tools" }, { kind: "context" }] });
    expect(checkRequirements({ embeddings: true }, capabilities)).toMatchObject({
      reasons: [{ kind: "embeddings", known: "no" }],
    });
  });

  test("does not ask a model for conversations that is wanted for something else", () => {
    const vectors = defineCapabilities({ chat: "no", embeddings: "yes" });
    expect(checkRequirements({ embeddings: true }, vectors).verdict).toBe("yes");

    const whisper = defineCapabilities({ chat: "no", transcription: "yes", speech: "no" });

    expect(checkRequirements({ transcription: true }, whisper).verdict).toBe("yes");
    expect(checkRequirements({ speech: true }, whisper).verdict).toBe("no");
    expect(checkRequirements({}, whisper).verdict).toBe("no");
  });

  test("has a reason exactly when it does not say yes", () => {
    const known = fc.constantFrom("yes" as const, "no" as const, "unknown" as const);
    const facts = fc.record({ tools: known, reasoning: known, reasoningWithTools: known, sampling: known });
    const needs = fc.record({ tools: fc.boolean(), reasoning: fc.boolean(), sampling: fc.boolean() });

    fc.assert(
      fc.property(needs, facts, (requirements, capabilities) => {
        const { verdict, reasons } = checkRequirements(requirements, defineCapabilities(capabilities));

        expect(verdict === "yes").toBe(reasons.length === 0);
        expect(verdict === "no").toBe(reasons.some((reason) => reason.known === "no"));
      }),
    );
  });
});

describe("capabilitiesOf()", () => {
  test("knows nothing of a model that says nothing", () => {
    expect(capabilitiesOf(createOpenAiChat({ model: "any" }))).toBe(unknownCapabilities);
  });

  test("lets a window that was given win", () => {
    const capabilities = defineCapabilities({ maxContextTokens: 400_000, maxInputTokens: 272_000 });
    const smaller = createOpenAiChat({ model: "any", capabilities, contextWindow: 8_192 });

    expect(createOpenAiChat({ model: "any", capabilities }).contextWindow).toBe(272_000);
    expect(capabilitiesOf(createOpenAiChat({ model: "any", capabilities }))).toBe(capabilities);
    expect(capabilitiesOf(smaller)).toEqual(defineCapabilities({ maxContextTokens: 8_192 }));
  });
});

describe("noCompatibleCandidate()", () => {
  test("is model.no_compatible_candidate and names every model's reasons", () => {
    const { reasons } = preflight(demanding, defineCapabilities({ ...everything, tools: "no", input: {} }));
    const error = noCompatibleCandidate([
      { provider: "local", model: "tiny", reasons },
      { provider: "openai", model: "gpt-4", reasons: ["its breaker is open"] },
    ]);

    expect(error).toMatchObject({ code: "model.no_compatible_candidate", class: "permanent" });
    expect(error.message).toContain("local/tiny: cannot call tools; nobody knows whether it can: vision;");
    expect(error.message).toContain("openai/gpt-4: its breaker is open");
    expect(error.details).toMatchObject({
      skipped: [
        { provider: "local", reasons: [{ kind: "tools", known: "no", wanted: 2 }, {}, {}, {}] },
        { provider: "openai", reasons: [{ message: "its breaker is open" }] },
      ],
    });
  });

  test("says when there is nobody to ask", () => {
    expect(noCompatibleCandidate([]).message).toContain("No model is configured");
  });
});
