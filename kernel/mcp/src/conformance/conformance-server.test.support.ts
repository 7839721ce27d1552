/** The server that the conformance suite wants to test: what it offers is named and described by the suite's scenarios. */
import { createCallContext, TauError } from "@tau/core";
import { CLIENT_CAPABILITIES_META_KEY, inputRequired } from "@modelcontextprotocol/server";
import type { InputRequest } from "@modelcontextprotocol/server";

import { createMcpEndpoint } from "../server/create-mcp-endpoint.ts";
import { createMcpServer } from "../server/create-mcp-server.ts";
import type { McpServer } from "../server/create-mcp-server.ts";
import { listenMcp } from "../server/listen.ts";
import type { McpRequest, ServedPrompt, ServedTool } from "../server/served.ts";
import { taskTools } from "./conformance-task-tools.test.support.ts";
import { ask, confirm, content, text, tool } from "./conformance-tools.test.support.ts";

const png =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const wav = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=";
const pause = async (): Promise<void> => await new Promise((resolve) => setTimeout(resolve, 50));

/** What the client answered to a question, when it is of the right shape. */
function answerTo(request: McpRequest, key: string): Readonly<Record<string, unknown>> | undefined {
  const responses = request.protocol.mcpReq.inputResponses;
  const value: unknown = responses?.[key];
  return typeof value === "object" && value !== null ? { ...value } : undefined;
}

const sample = (words: string, maxTokens: number): InputRequest =>
  inputRequired.createMessage({
    messages: [{ role: "user", content: { type: "text", text: words } }],
    maxTokens,
  });

const choices = [
  { const: "value1", title: "First Option" },
  { const: "value2", title: "Second Option" },
  { const: "value3", title: "Third Option" },
];

function plainTools(): readonly ServedTool[] {
  return [
    tool("test_simple_text", async () => text("This is a simple text response for testing.")),
    tool("test_image_content", async () => ({
      content: [{ type: "image", data: png, mimeType: "image/png" }],
    })),
    tool("test_audio_content", async () => ({
      content: [{ type: "audio", data: wav, mimeType: "audio/wav" }],
    })),
    tool("test_embedded_resource", async () => ({
      content: [
        {
          type: "resource",
          resource: {
            uri: "test://embedded-resource",
            mimeType: "text/plain",
            text: "This is an embedded resource content.",
          },
        },
      ],
    })),
    tool("test_multiple_content_types", async () => ({
      content: [
        { type: "text", text: "Multiple content types test:" },
        { type: "image", data: png, mimeType: "image/png" },
        {
          type: "resource",
          resource: {
            uri: "test://mixed-content-resource",
            mimeType: "application/json",
            text: '{"test":"data","value":123}',
          },
        },
      ],
    })),
    tool("test_error_handling", async () => {
      throw new TauError("mcp.call_failed", "This tool intentionally returns an error for testing");
    }),
    tool("test_tool_with_logging", async (_args, { protocol }) => {
      for (const words of ["Tool execution started", "Tool processing data", "Tool execution completed"]) {
        await protocol.mcpReq.log("info", words);
        await pause();
      }
      return text("Logged.");
    }),
    tool("test_tool_with_progress", async (_args, request) => {
      for (const done of [0, 50, 100]) {
        await request.progress(done, 100);
        await pause();
      }
      return text("Done.");
    }),
  ];
}

/** What clients of 2025-11-25 are asked in the middle of a call. */
function askingTools(): readonly ServedTool[] {
  return [
    tool(
      "test_sampling",
      async ({ prompt }, request) => {
        const answer = answerTo(request, "answer");
        if (answer === undefined)
          return inputRequired({ inputRequests: { answer: sample(String(prompt), 100) } });
        return text(`LLM response: ${JSON.stringify(answer["content"])}`);
      },
      { prompt: { type: "string" } },
    ),
    tool(
      "test_elicitation",
      async ({ message }, request) => {
        const answer = answerTo(request, "answer");
        if (answer !== undefined) return text(`User response: ${JSON.stringify(answer)}`);
        const requestedSchema = {
          type: "object" as const,
          properties: {
            username: { type: "string" as const, description: "User's response" },
            email: { type: "string" as const, description: "User's email address" },
          },
          required: ["username", "email"],
        };
        return inputRequired({
          inputRequests: { answer: inputRequired.elicit({ message: String(message), requestedSchema }) },
        });
      },
      { message: { type: "string" } },
    ),
    tool("test_elicitation_sep1034_defaults", async (_args, request) => {
      const answer = answerTo(request, "answer");
      if (answer !== undefined) return text(`Elicitation completed: ${JSON.stringify(answer)}`);
      return inputRequired({
        inputRequests: {
          answer: inputRequired.elicit({
            message: "Who?",
            requestedSchema: {
              type: "object",
              properties: {
                name: { type: "string", default: "John Doe" },
                age: { type: "integer", default: 30 },
                score: { type: "number", default: 95.5 },
                status: { type: "string", enum: ["active", "inactive", "pending"], default: "active" },
                verified: { type: "boolean", default: true },
              },
            },
          }),
        },
      });
    }),
    tool("test_elicitation_sep1330_enums", async (_args, request) => {
      const answer = answerTo(request, "answer");
      if (answer !== undefined) return text(`Elicitation completed: ${JSON.stringify(answer)}`);
      const plain = ["option1", "option2", "option3"];
      return inputRequired({
        inputRequests: {
          answer: inputRequired.elicit({
            message: "Which?",
            requestedSchema: {
              type: "object",
              properties: {
                untitledSingle: { type: "string", enum: plain },
                titledSingle: { type: "string", oneOf: choices },
                legacyEnum: {
                  type: "string",
                  enum: ["opt1", "opt2", "opt3"],
                  enumNames: ["Option One", "Option Two", "Option Three"],
                },
                untitledMulti: { type: "array", items: { type: "string", enum: plain } },
                titledMulti: { type: "array", items: { anyOf: choices } },
              },
            },
          }),
        },
      });
    }),
  ];
}

/** Tools whose answers need more rounds, as revision 2026-07-28 has them. */
function roundTools(): readonly ServedTool[] {
  return [
    tool("test_input_required_result_elicitation", async (_args, request) => {
      const name = content(request, "user_name")?.["name"];
      if (typeof name === "string") return text(`Hello, ${name}!`);
      return inputRequired({ inputRequests: { user_name: ask("What is your name?", "name") } });
    }),
    tool("test_input_required_result_sampling", async (_args, request) => {
      const answer = answerTo(request, "capital_question");
      if (answer !== undefined) return text(JSON.stringify(answer["content"]));
      return inputRequired({
        inputRequests: { capital_question: sample("What is the capital of France?", 100) },
      });
    }),
    tool("test_input_required_result_list_roots", async (_args, request) => {
      const answer = answerTo(request, "client_roots");
      if (answer !== undefined) return text(`Roots: ${JSON.stringify(answer["roots"])}`);
      return inputRequired({ inputRequests: { client_roots: inputRequired.listRoots() } });
    }),
    ...["test_input_required_result_request_state", "test_input_required_result_tampered_state"].map((name) =>
      tool(name, async (_args, request) => {
        if (request.sealed !== undefined && content(request, "confirm") !== undefined)
          return text("state-ok");
        return inputRequired({
          inputRequests: { confirm },
          requestState: await request.seal("asked"),
        });
      }),
    ),
    tool("test_input_required_result_multiple_inputs", async (_args, request) => {
      const keys = ["user_name", "greeting", "client_roots"];
      if (keys.every((key) => answerTo(request, key) !== undefined)) return text("All there.");
      return inputRequired({
        inputRequests: {
          user_name: ask("What is your name?", "name"),
          greeting: sample("Generate a greeting", 50),
          client_roots: inputRequired.listRoots(),
        },
        requestState: await request.seal("asked"),
      });
    }),
    tool("test_input_required_result_multi_round", async (_args, request) => {
      const color = content(request, "step2")?.["color"];
      if (request.sealed === "step2" && color !== undefined) return text(`Done: ${JSON.stringify(color)}`);
      const isSecond = request.sealed === "step1" && content(request, "step1") !== undefined;
      return inputRequired({
        inputRequests: isSecond
          ? { step2: ask("Step 2: What is your favorite color?", "color") }
          : { step1: ask("Step 1: What is your name?", "name") },
        requestState: await request.seal(isSecond ? "step2" : "step1"),
      });
    }),
    tool("test_input_required_result_capabilities", async (_args, { protocol }) => {
      const declared: unknown = Reflect.get(protocol.mcpReq.envelope ?? {}, CLIENT_CAPABILITIES_META_KEY);
      const can: Readonly<Record<string, unknown>> = { ...Object(declared) };
      return inputRequired({
        inputRequests: {
          ...(can["sampling"] === undefined ? {} : { sampled: sample("Say something", 10) }),
          ...(can["elicitation"] === undefined ? {} : { asked: ask("What is your name?", "name") }),
          ...(can["roots"] === undefined ? {} : { roots: inputRequired.listRoots() }),
        },
      });
    }),
    tool("test_missing_capability", async () =>
      inputRequired({ inputRequests: { answer: sample("Say something", 10) } }),
    ),
    tool("test_streaming_elicitation", async (_args, request) => {
      await request.progress(1, 2);
      return inputRequired({ inputRequests: { user_name: ask("What is your name?", "name") } });
    }),
    tool("test_logging_tool", async (_args, { protocol }) => {
      await protocol.mcpReq.log("info", "Working");
      return text("Logged.");
    }),
  ];
}

function prompts(): readonly ServedPrompt[] {
  const said = (words: string) => ({
    role: "user" as const,
    content: { type: "text" as const, text: words },
  });
  return [
    {
      definition: { name: "test_simple_prompt", description: "A simple prompt." },
      get: async () => ({ messages: [said("This is a simple prompt for testing.")] }),
    },
    {
      definition: {
        name: "test_prompt_with_arguments",
        description: "Has arguments.",
        arguments: [
          { name: "arg1", required: true },
          { name: "arg2", required: true },
        ],
      },
      get: async ({ arg1, arg2 }) => ({
        messages: [said(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)],
      }),
      complete: async (_argument, value) => ["paris", "park", "party"].filter((one) => one.startsWith(value)),
    },
    {
      definition: {
        name: "test_prompt_with_embedded_resource",
        description: "Embeds a resource.",
        arguments: [{ name: "resourceUri", required: true }],
      },
      get: async ({ resourceUri = "" }) => ({
        messages: [
          {
            role: "user",
            content: {
              type: "resource",
              resource: {
                uri: resourceUri,
                mimeType: "text/plain",
                text: "Embedded resource content for testing.",
              },
            },
          },
          said("Please process the embedded resource above."),
        ],
      }),
    },
    {
      definition: { name: "test_prompt_with_image", description: "Shows a picture." },
      get: async () => ({
        messages: [
          { role: "user", content: { type: "image", data: png, mimeType: "image/png" } },
          said("Please analyze the image above."),
        ],
      }),
    },
    {
      definition: { name: "test_input_required_result_prompt", description: "Asks first." },
      get: async (_args, request) => {
        const context = content(request, "user_context")?.["context"];
        if (typeof context === "string") return { messages: [said(`Context: ${context}`)] };
        return inputRequired({
          inputRequests: { user_context: ask("What context should the prompt use?", "context") },
        });
      },
    },
  ];
}

function offerResources(server: McpServer): void {
  server.addResource({
    definition: { uri: "test://static-text", name: "static-text", mimeType: "text/plain" },
    read: async (uri) => ({
      contents: [{ uri, mimeType: "text/plain", text: "This is the content of the static text resource." }],
    }),
  });
  server.addResource({
    definition: { uri: "test://static-binary", name: "static-binary", mimeType: "image/png" },
    read: async (uri) => ({ contents: [{ uri, mimeType: "image/png", blob: png }] }),
  });
  server.addResource({
    definition: { uri: "test://watched-resource", name: "watched-resource", mimeType: "text/plain" },
    read: async (uri) => ({ contents: [{ uri, mimeType: "text/plain", text: "Watched." }] }),
  });
  server.addResourceTemplate({
    definition: { uriTemplate: "test://template/{id}/data", name: "template", mimeType: "application/json" },
    read: async (uri, { id }) => ({
      contents: [
        {
          uri,
          mimeType: "application/json",
          text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` }),
        },
      ],
    }),
  });
}

const server = createMcpServer({ name: "tau-conformance", version: "1.0.0" });
for (const one of [...plainTools(), ...taskTools(), ...askingTools(), ...roundTools()]) server.addTool(one);
for (const one of prompts()) server.addPrompt(one);
offerResources(server);
const call = createCallContext({ tenant: "test", principal: { id: "tester", kind: "person", scopes: [] } });
const endpoint = await createMcpEndpoint(server, {
  findCaller: async () => call,
  hosts: ["localhost", "127.0.0.1", "[::1]"],
});
const { url } = await listenMcp(endpoint);
process.stdout.write(`${url.href}\n`);
process.stdin.resume().on("end", () => process.exit(0));
