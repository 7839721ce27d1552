import { createHttpTransport } from "@tau/agent";
import { describeModel, describeModelFaults, startLoopback } from "@tau/agent/testing";
import type { ModelFixture, ModelScenario } from "@tau/agent/testing";

import { createBedrockConverse } from "./bedrock-converse.ts";
import { frame } from "./recordings.test.support.ts";

const text = ["Hello", ", ", "world", "."].map((piece) =>
  event("contentBlockDelta", { delta: { text: piece } }),
);
const end = (stopReason: string): readonly Buffer[] => [
  event("contentBlockStop", {}),
  event("messageStop", { stopReason }),
  event("metadata", {
    usage: { inputTokens: 3, outputTokens: 2, totalTokens: 5 },
    metrics: { latencyMs: 1 },
  }),
];
const answer = [event("messageStart", { role: "assistant" }), ...text, ...end("end_turn")];
const calls = [
  event("messageStart", { role: "assistant" }),
  ...[
    ["a", '{"a":1,', '"b":2}'],
    ["b", '{"a":3,', '"b":4}'],
  ].flatMap(([toolUseId, ...pieces], contentBlockIndex) => [
    event("contentBlockStart", { start: { toolUse: { toolUseId, name: "add" } }, contentBlockIndex }),
    ...pieces.map((input) =>
      event("contentBlockDelta", { delta: { toolUse: { input } }, contentBlockIndex }),
    ),
  ]),
  ...end("tool_use"),
];

const frames: Readonly<Record<ModelScenario, readonly Buffer[]>> = {
  answer,
  tools: calls,
  cut: answer.slice(0, 3),
  stall: answer.slice(0, 3),
  refuse: answer,
};

function event(name: string, body: object): Buffer {
  return frame("event", name, JSON.stringify({ contentBlockIndex: 0, ...body }));
}

describeModel("createBedrockConverse()", async (scenario): Promise<ModelFixture> => {
  const transport = createHttpTransport();
  const server = await startLoopback((request, response) => {
    if (request.headers.authorization !== "Bearer right-key") {
      response.writeHead(403, {
        "content-type": "application/json",
        "x-amzn-errortype": "AccessDeniedException:",
      });
      response.end('{"Message":"Authentication failed."}');
      return;
    }
    response.writeHead(200, { "content-type": "application/vnd.amazon.eventstream" });
    response.write(Buffer.concat(frames[scenario]));
    if (scenario !== "stall") response.end();
  });
  const apiKey = scenario === "refuse" ? "wrong-key" : "right-key";
  return {
    model: createBedrockConverse({
      baseUrl: server.url,
      region: "eu-central-1",
      model: "any",
      apiKey,
      transport,
    }),
    openRequests: server.openConnections,
    async [Symbol.asyncDispose]() {
      await transport[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
});

const exceptions: Readonly<Record<number, string>> = {
  401: "UnrecognizedClientException",
  402: "ServiceQuotaExceededException",
  404: "ResourceNotFoundException",
  429: "ThrottlingException",
  500: "InternalServerException",
  503: "ServiceUnavailableException",
  529: "ServiceUnavailableException",
};

describeModelFaults("createBedrockConverse()", {
  wire: {
    contentType: "application/vnd.amazon.eventstream",
    answer: Buffer.concat(answer),
    garbage: Buffer.from("<html>Bad gateway</html>\n".repeat(400)),
    error: (status) => ({
      body: JSON.stringify({ message: `Failed with ${status} for sk-fault-secret.` }),
      headers: { "x-amzn-errortype": `${exceptions[status] ?? ""}:http://internal.amazon.com/coral/` },
    }),
  },
  create: (baseUrl, options) => createBedrockConverse({ ...options, baseUrl, region: "eu-central-1" }),
});
