import { openAiChatProviders } from "./openai-chat/providers.ts";

/** A provider that Tau can talk to, and how. */
export interface KnownProvider {
  /** The name in errors and costs, and in configuration. */
  readonly id: string;
  /** For people. */
  readonly name: string;
  /** What makes a model of it, best first: `createOpenAiChat`, … */
  readonly adapters: readonly string[];
  /** Absent where everybody has an address of their own. */
  readonly baseUrl?: string;
  /** The environment variable that usually holds the key. Absent for servers that need none. */
  readonly keyVariable?: string;
}

/** Providers with a protocol of their own; each adapter adds its row. */
const nativeProviders: readonly KnownProvider[] = [
  {
    id: "anthropic",
    name: "Anthropic",
    adapters: ["createAnthropic"],
    baseUrl: "https://api.anthropic.com",
    keyVariable: "ANTHROPIC_API_KEY",
  },
  {
    id: "cohere",
    name: "Cohere",
    adapters: ["createCohere"],
    baseUrl: "https://api.cohere.com/v2",
    keyVariable: "COHERE_API_KEY",
  },
  {
    id: "azure",
    name: "Azure OpenAI",
    adapters: ["createAzureOpenAi"],
    keyVariable: "AZURE_OPENAI_API_KEY",
  },
  {
    id: "gemini",
    name: "Google Gemini",
    adapters: ["createGemini"],
    baseUrl: "https://generativelanguage.googleapis.com/v1beta",
    keyVariable: "GEMINI_API_KEY",
  },
  {
    id: "vertex",
    name: "Google Vertex AI",
    adapters: ["createVertexGemini"],
    baseUrl: "https://aiplatform.googleapis.com/v1beta1",
    keyVariable: "GOOGLE_API_KEY",
  },
  { id: "ollama", name: "Ollama", adapters: ["createOllama"], baseUrl: "http://localhost:11434" },
];

/** Every provider that Tau knows by name; `docs/providers.md` is made of it. */
export const knownProviders: readonly KnownProvider[] = merge([
  ...nativeProviders,
  ...openAiChatProviders.map(({ id, name, baseUrl, keyVariable, responses = false }) => ({
    id,
    name,
    adapters: responses ? ["createOpenAiChat", "createOpenAiResponses"] : ["createOpenAiChat"],
    ...(baseUrl === undefined ? {} : { baseUrl }),
    ...(keyVariable === undefined ? {} : { keyVariable }),
  })),
]);

/** A provider with a protocol of its own may speak OpenAI's too: one row, its own adapter and address first. */
function merge(providers: readonly KnownProvider[]): readonly KnownProvider[] {
  const byId = new Map<string, KnownProvider>();
  for (const provider of providers) {
    const known = byId.get(provider.id);
    const adapters = [...(known?.adapters ?? []), ...provider.adapters];
    byId.set(provider.id, { ...provider, ...known, adapters });
  }
  return [...byId.values()].toSorted((a, b) => a.name.localeCompare(b.name, "en"));
}
