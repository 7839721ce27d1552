import { describe, expect, test } from "vitest";

import { createCatalog } from "./catalog.ts";

const catalog = createCatalog();

describe("createCatalog().find()", () => {
  test.each([
    ["anthropic", "claude-sonnet-4-5", "claude-sonnet-4-5"],
    ["anthropic", "claude-sonnet-4-5-20250929", "claude-sonnet-4-5"],
    ["anthropic", " Claude-Sonnet-4.5 ", "claude-sonnet-4-5"],
    ["anthropic", "claude-3-5-haiku-latest", "claude-3-5-haiku"],
    ["openai", "gpt-5.2-2025-12-11", "gpt-5.2"],
    ["openai", "gpt-4o-2024-08-06", "gpt-4o"],
    ["openai", "gpt-4o-2024-05-13", "gpt-4o-2024-05-13"],
    ["google", "models/gemini-2.5-pro", "gemini-2.5-pro"],
    ["gemini", "gemini-2.0-flash-001", "gemini-2.0-flash"],
    ["x-ai", "grok-4-0709", "grok-4"],
    ["ollama", "qwen3:8b-q4_K_M", "qwen3:8b"],
    ["ollama", "qwen3:latest", "qwen3:8b"],
    ["ollama", "nemotron-3-nano:30b", "nemotron-3-nano"],
    ["groq", "openai/gpt-oss-120b", "openai/gpt-oss-120b"],
    ["azure", "Mistral-Large-3", "mistral-large-3"],
  ])("finds %s %s", async (provider, asked, id) => {
    expect(await catalog.find(provider, asked)).toMatchObject({ id });
  });

  test.each([
    ["anthropic", "claude-sonnet-99"],
    ["openai", "gpt-5.2-turbo"],
    ["ollama", "qwen3:70b"],
    ["compatible", "gpt-4o"],
    ["nobody", "nothing"],
    ["__proto__", "constructor"],
  ])("knows nothing of %s %s rather than guess", async (provider, asked) => {
    expect(await catalog.find(provider, asked)).toBeUndefined();
  });

  test("does not look at ids that no provider could mean", async () => {
    for (const id of ["", "a b", "gpt-4o;", "x".repeat(201), "../../etc/passwd\0"]) {
      expect(await catalog.find("openai", id)).toBeUndefined();
    }
  });

  test.each([
    ["openrouter", "anthropic/claude-sonnet-4.5"],
    ["openrouter", "anthropic/claude-sonnet-4.5:nitro"],
    ["compatible", "anthropic/claude-sonnet-4-5"],
    ["bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"],
    ["vertex", "claude-sonnet-4-5@20250929"],
  ])("tells of %s %s what the model is, not what it costs there", async (provider, id) => {
    const found = await catalog.find(provider, id);

    expect(found).toMatchObject({
      provider,
      id,
      capabilities: { tools: "yes", reasoning: "yes", maxContextTokens: 200_000, promptCache: "unknown" },
      sources: { tools: "catalog: as anthropic/claude-sonnet-4-5" },
    });
    expect(found?.capabilities).not.toHaveProperty("price");
  });

  test.each([
    ["compatible", "Qwen/Qwen3-8B", 131_072],
    ["together", "openai/gpt-oss-120b", 131_072],
    ["vllm", "nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-BF16", 262_144],
  ])("tells of %s %s what lies in the weights", async (provider, id, maxContextTokens) => {
    expect(await catalog.find(provider, id)).toMatchObject({
      id,
      capabilities: { maxContextTokens, reasoning: "yes", tools: "unknown", structuredOutput: "unknown" },
    });
  });
});

describe("overrides", () => {
  const mine = createCatalog({
    overrides: [
      { provider: "openai", id: "gpt-5.2", facts: { maxOutputTokens: 10, tools: "unknown" } },
      { provider: "azure", id: "prod-chat", as: "gpt-5.2" },
      { provider: "local", id: "tiny", facts: { tools: "no", maxContextTokens: 4_096 } },
    ],
  });

  test("win, and say so, without unsaying what they do not know", async () => {
    const found = await mine.find("openai", "gpt-5.2");

    expect(found).toMatchObject({
      capabilities: { maxOutputTokens: 10, tools: "yes" },
      sources: { maxOutputTokens: "configuration" },
    });
    expect(found?.sources["tools"]).toMatch(/^catalog: /);
  });

  test("give a deployment the facts of the model behind it", async () => {
    expect(await mine.find("azure", "prod-chat")).toMatchObject({
      id: "prod-chat",
      capabilities: { maxInputTokens: 272_000, tools: "yes" },
    });
  });

  test("make models of their own", async () => {
    expect(await mine.find("local", "tiny")).toMatchObject({
      capabilities: { tools: "no", reasoning: "unknown" },
      sources: { tools: "configuration", maxContextTokens: "configuration" },
    });
    expect(await mine.list("local")).toHaveLength(1);
  });
});

describe("withList()", () => {
  const list = {
    provider: "openai",
    source: "https://api.example/v1/models, 2026-11-26",
    models: [
      { id: "gpt-5.2", facts: { maxContextTokens: 500_000, tools: "unknown" } },
      { id: "gpt-next", name: "GPT Next", facts: {} },
    ],
  } as const;

  test("lets the provider's own list win over the shipped one", async () => {
    const fresh = createCatalog().withList(list);

    expect(await fresh.find("openai", "gpt-5.2-2025-12-11")).toMatchObject({
      capabilities: { maxContextTokens: 500_000, maxOutputTokens: 128_000, tools: "yes" },
      sources: { maxContextTokens: list.source },
    });
    expect(await fresh.find("openai", "gpt-next")).toMatchObject({ id: "gpt-next", name: "GPT Next" });
  });

  test("replaces the list that was there before", async () => {
    const twice = createCatalog()
      .withList(list)
      .withList({ ...list, models: [] });

    expect(await twice.find("openai", "gpt-next")).toBeUndefined();
  });

  test("gives an alias that two models claim to the first one", async () => {
    const models = [
      { id: "new", aliases: ["latest"], facts: {} },
      { id: "old", aliases: ["latest"], facts: {} },
    ];
    const twins = createCatalog().withList({ ...list, models });

    expect(await twins.find("openai", "latest")).toMatchObject({ id: "new" });
  });

  test("leaves the catalog it was asked of as it was", async () => {
    const before = createCatalog();
    before.withList(list);

    expect(await before.find("openai", "gpt-next")).toBeUndefined();
  });
});

describe("list()", () => {
  test("has each model of a provider once", async () => {
    const entries = await catalog.list("anthropic");

    expect(new Set(entries.map(({ id }) => id)).size).toBe(entries.length);
    expect(entries.map(({ id }) => id)).toContain("claude-opus-4-5");
  });

  test("has those of all providers", async () => {
    const providers = new Set((await catalog.list()).map(({ provider }) => provider));

    expect(providers).toContain("openai");
    expect(providers).toContain("open-weights");
    expect(await catalog.list("nobody")).toEqual([]);
  });
});
