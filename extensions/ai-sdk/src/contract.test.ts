import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { describeModel, startScenarioServer } from "@tau/agent/testing";
import type { ModelFixture, ModelScenario } from "@tau/agent/testing";

import { createOpenAICompatible as createV2 } from "openai-compatible-v2";
import { createOpenAICompatible as createV3 } from "openai-compatible-v3";

import { fromAiSdk } from "./from-ai-sdk.ts";
import type { AiSdkLanguageModel } from "./open-stream.ts";

async function fixture(
  scenario: ModelScenario,
  create: (url: string, apiKey: string) => AiSdkLanguageModel,
): Promise<ModelFixture> {
  const { server, apiKey } = await startScenarioServer(scenario);
  return {
    model: fromAiSdk(create(server.url, apiKey)),
    openRequests: () => server.openConnections(),
    async [Symbol.asyncDispose]() {
      await server.close();
    },
  };
}

describeModel("fromAiSdk(@ai-sdk/openai-compatible)", (scenario) =>
  fixture(scenario, (url, apiKey) =>
    createOpenAICompatible({ name: "scripted", baseURL: `${url}/v1`, apiKey, includeUsage: true })(
      "scripted",
    ),
  ),
);

describeModel("fromAiSdk(@ai-sdk/anthropic)", (scenario) =>
  fixture(scenario, (url, apiKey) => createAnthropic({ baseURL: `${url}/v1`, apiKey })("scripted")),
);

describeModel("fromAiSdk(@ai-sdk/openai-compatible of ai 6)", (scenario) =>
  fixture(scenario, (url, apiKey) =>
    createV3({ name: "scripted", baseURL: `${url}/v1`, apiKey, includeUsage: true })("scripted"),
  ),
);

describeModel("fromAiSdk(@ai-sdk/openai-compatible of ai 5)", (scenario) =>
  fixture(scenario, (url, apiKey) =>
    createV2({ name: "scripted", baseURL: `${url}/v1`, apiKey, includeUsage: true })("scripted"),
  ),
);
