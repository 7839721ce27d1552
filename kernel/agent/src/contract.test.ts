import { createAnthropic } from "./anthropic/anthropic.ts";
import { createAzureOpenAi } from "./azure/azure-openai.ts";
import { createGemini } from "./gemini/gemini.ts";
import { createVertexGemini } from "./gemini/vertex.ts";
import { createHttpTransport } from "./http/http-transport.ts";
import type { Model } from "./model.ts";
import { createOllama } from "./ollama/ollama.ts";
import { createOpenAiChat } from "./openai-chat/openai-chat.ts";
import { createOpenAiResponses } from "./openai-responses/openai-responses.ts";
import { describeModel } from "./testing/describe-model.ts";
import type { ModelFixture, ModelScenario } from "./testing/describe-model.ts";
import { startScenarioServer } from "./testing/scenario-server.ts";
import type { WireModelOptions } from "./wire-model.ts";

async function fixture(
  scenario: ModelScenario,
  create: (url: string, options: Pick<WireModelOptions, "model" | "apiKey" | "transport">) => Model,
): Promise<ModelFixture> {
  const transport = createHttpTransport();
  const { server, apiKey } = await startScenarioServer(scenario);
  return {
    model: create(server.url, { model: "scripted", apiKey, transport }),
    openRequests: () => server.openConnections(),
    async [Symbol.asyncDispose]() {
      await transport[Symbol.asyncDispose]();
      await server.close();
    },
  };
}

describeModel("createOpenAiChat()", (scenario) =>
  fixture(scenario, (url, options) => createOpenAiChat({ ...options, baseUrl: `${url}/v1` })),
);

describeModel("createOpenAiResponses()", (scenario) =>
  fixture(scenario, (url, options) => createOpenAiResponses({ ...options, baseUrl: `${url}/v1` })),
);

for (const api of ["chat", "responses"] as const) {
  describeModel(`createAzureOpenAi({ api: "${api}" })`, (scenario) =>
    fixture(scenario, (endpoint, { model, ...options }) =>
      createAzureOpenAi({ ...options, endpoint, deployment: model, api }),
    ),
  );
}

describeModel("createAnthropic()", (scenario) =>
  fixture(scenario, (url, options) => createAnthropic({ ...options, baseUrl: url })),
);

describeModel("createGemini()", (scenario) =>
  fixture(scenario, (url, options) => createGemini({ ...options, baseUrl: `${url}/v1beta` })),
);

describeModel("createVertexGemini()", (scenario) =>
  fixture(scenario, (url, { apiKey, ...options }) =>
    createVertexGemini({
      ...options,
      baseUrl: `${url}/v1beta1`,
      project: "p",
      ...(apiKey === undefined ? {} : { accessToken: apiKey }),
    }),
  ),
);

describeModel("createOllama()", (scenario) =>
  fixture(scenario, (url, options) => createOllama({ ...options, baseUrl: url })),
);
