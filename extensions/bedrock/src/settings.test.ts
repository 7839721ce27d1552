import { defineCapabilities } from "@tau/agent";
import type { ModelRequest } from "@tau/agent";
import { userText } from "@tau/core";
import type { AssistantPart } from "@tau/core";
import { describe, expect, test } from "vitest";

import { createBedrockConverse } from "./bedrock-converse.ts";
import { adaptive, nova, llama, read, call, result, schema, bodyOf } from "./request.test.support.ts";

describe("createBedrockConverse()", () => {
  test("tells by its settings that a guardrail reads along: answers without one are no answers of it", () => {
    const options = { model: "amazon.nova-lite-v1:0", region: "eu-west-1" };
    const guarded = { ...options, guardrail: { id: "g", version: "1" } };

    expect(createBedrockConverse(guarded).settings).not.toBe(createBedrockConverse(options).settings);
  });

  test("tells by its settings what is known of the model, where it changes requests", () => {
    const options = { model: "amazon.nova-lite-v1:0", region: "eu-west-1" };
    const made = (facts: Parameters<typeof defineCapabilities>[0]) =>
      createBedrockConverse({ ...options, capabilities: defineCapabilities(facts) }).settings;

    expect(
      createBedrockConverse({ ...options, vendor: "amazon", promptCache: false }).settings,
    ).toBeUndefined();
    expect(made({ reasoning: "yes" })).toBeUndefined();
    const told = [
      made({ forcedTools: "no" }),
      made({ sampling: "no" }),
      made({ structuredOutput: "strict_schema" }),
    ];
    expect(new Set([...told, undefined]).size).toBe(4);
  });
});

describe("settings of Converse requests", () => {
  test("ask for an answer of a given shape by the best way the model has", async () => {
    const outputSchema = { name: "place", schema };
    const enforced = await bodyOf({ outputSchema });
    const asked = await bodyOf({ outputSchema }, { model: nova });
    const besides = await bodyOf({ outputSchema, tools: [read] }, { model: nova });
    const hoped = await bodyOf({ outputSchema }, { model: llama });

    expect(Object(enforced["outputConfig"]).textFormat.structure.jsonSchema).toEqual({
      name: "place",
      schema: JSON.stringify({ ...schema, additionalProperties: false }),
    });
    expect(asked["toolConfig"]).toMatchObject({
      tools: [{ toolSpec: { name: "__respond_with__", inputSchema: { json: schema } } }],
      toolChoice: { tool: { name: "__respond_with__" } },
    });
    expect(besides["toolConfig"]).toMatchObject({ tools: [{}, {}], toolChoice: { any: {} } });
    expect(hoped["toolConfig"]).not.toHaveProperty("toolChoice");
    const capabilities = defineCapabilities({ structuredOutput: "strict_schema" });
    expect(await bodyOf({ outputSchema }, { model: "qwen.qwen3-32b-v1:0", capabilities })).toHaveProperty(
      "outputConfig",
    );
  });

  test("ask for thinking as the model understands it", async () => {
    const asked = async (model: string, request: Partial<ModelRequest> = {}): Promise<unknown> => {
      const {
        additionalModelRequestFields: fields,
        inferenceConfig,
        outputConfig,
      } = await bodyOf({ reasoning: "high", maxOutputTokens: 10, temperature: 0, ...request }, { model });
      return { fields, inferenceConfig, outputConfig };
    };
    const old = "anthropic.claude-sonnet-4-20250514-v1:0";

    expect(await asked(old)).toEqual({
      fields: { thinking: { type: "enabled", budget_tokens: 24_576 } },
      inferenceConfig: { maxTokens: 10 + 24_576 },
    });
    expect(await asked(old, { tools: [read], toolChoice: "required" })).toEqual({
      inferenceConfig: { maxTokens: 10, temperature: 0 },
    });
    expect(await asked(adaptive)).toEqual({
      fields: { thinking: { type: "adaptive" } },
      inferenceConfig: { maxTokens: 10 },
      outputConfig: { effort: "high" },
    });
    expect(await asked(adaptive, { reasoning: "none" })).toMatchObject({
      fields: { thinking: { type: "disabled" } },
    });
    expect(await asked(nova)).toEqual({
      fields: { reasoningConfig: { type: "enabled", maxReasoningEffort: "high" } },
    });
    expect(await asked(nova, { reasoning: "none" })).toMatchObject({
      fields: { reasoningConfig: { type: "disabled" } },
    });
    expect(await asked("openai.gpt-oss-120b-1:0")).toMatchObject({ fields: { reasoning_effort: "high" } });
    expect(await asked(llama)).toEqual({ inferenceConfig: { maxTokens: 10, temperature: 0 } });
    const thoughtless = { model: nova, capabilities: defineCapabilities({ reasoning: "no" }) };
    expect(await bodyOf({ reasoning: "low" }, thoughtless)).not.toHaveProperty(
      "additionalModelRequestFields",
    );
  });

  test("do not ask a model with a budget to go on with a turn that another one began", async () => {
    const model = "anthropic.claude-3-7-sonnet-20250219-v1:0";
    const after = (...parts: readonly AssistantPart[]): Partial<ModelRequest> => ({
      messages: [userText("Hi"), { role: "assistant", parts }, { role: "tool", parts: [result] }],
      tools: [read],
      reasoning: "low",
    });
    const own: AssistantPart = { type: "thinking", text: "Hm", signature: "sig" };

    expect(await bodyOf(after(own, call), { model })).toHaveProperty("additionalModelRequestFields");
    expect(await bodyOf(after(call), { model })).not.toHaveProperty("additionalModelRequestFields");
  });

  test("ask Claude for a temperature alone, which refuses both", async () => {
    const model = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
    const configOf = async (request: { readonly temperature?: number }): Promise<unknown> =>
      (await bodyOf({ topP: 0.9, ...request }, { model }))["inferenceConfig"];

    expect(await configOf({ temperature: 0.5 })).toEqual({ temperature: 0.5 });
    expect(await configOf({})).toEqual({ topP: 0.9 });
  });

  test("leave out how to sample for a model that is known to refuse it", async () => {
    const sampled = { temperature: 0.5, topP: 0.9 };

    expect((await bodyOf(sampled, { model: "amazon.nova-lite-v1:0" }))["inferenceConfig"]).toMatchObject(
      sampled,
    );
    const capabilities = defineCapabilities({ sampling: "no" });
    expect(await bodyOf(sampled, { capabilities })).not.toHaveProperty("inferenceConfig");
  });
});
