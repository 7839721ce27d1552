import { createAnthropic } from "./anthropic/anthropic.ts";
import { createCohere } from "./cohere/cohere.ts";
import { createGemini } from "./gemini/gemini.ts";
import { createOllama } from "./ollama/ollama.ts";
import { createOpenAiChat } from "./openai-chat/openai-chat.ts";
import { createOpenAiResponses } from "./openai-responses/openai-responses.ts";
import { describeModelFaults } from "./testing/describe-model-faults.ts";
import type { FaultWire } from "./testing/fault-server.ts";

/** What servers of server-sent events have in common; they repeat the key to see whether it is kept. */
function sseWire(events: readonly object[], end = ""): FaultWire {
  return {
    contentType: "text/event-stream",
    answer: Buffer.from(events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("") + end),
    garbage: Buffer.from("\n\ndata: <html>Bad gateway</html>\n\n"),
    error: (status) => ({
      body: JSON.stringify({ error: { message: `Failed with ${status} for sk-fault-secret.` } }),
    }),
  };
}

const delta = (content: string): object => ({ choices: [{ index: 0, delta: { content } }] });

describeModelFaults("createOpenAiChat()", {
  wire: sseWire(
    [
      delta("Hello"),
      delta(", "),
      delta("world."),
      { choices: [{ index: 0, delta: {}, finish_reason: "stop" }] },
    ],
    "data: [DONE]\n\n",
  ),
  create: (baseUrl, options) => createOpenAiChat({ ...options, baseUrl }),
});

const words = ["Hello", ", ", "world."];
const content = [{ type: "output_text", text: words.join(""), annotations: [] }];

describeModelFaults("createOpenAiResponses()", {
  wire: sseWire([
    { type: "response.created", response: { id: "r", status: "in_progress", output: [] } },
    ...words.map((word) => ({ type: "response.output_text.delta", output_index: 0, delta: word })),
    {
      type: "response.completed",
      response: { status: "completed", output: [{ type: "message", role: "assistant", content }] },
    },
  ]),
  create: (baseUrl, options) => createOpenAiResponses({ ...options, baseUrl }),
});

describeModelFaults("createCohere()", {
  wire: sseWire([
    { type: "message-start", id: "m" },
    ...words.map((text) => ({ type: "content-delta", index: 0, delta: { message: { content: { text } } } })),
    { type: "message-end", delta: { finish_reason: "COMPLETE" } },
  ]),
  create: (baseUrl, options) => createCohere({ ...options, baseUrl }),
});

const block = (text: string): object => ({
  type: "content_block_delta",
  index: 0,
  delta: { type: "text_delta", text },
});

describeModelFaults("createAnthropic()", {
  wire: sseWire([
    { type: "message_start", message: { type: "message", content: [] } },
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
    block("Hello"),
    block(", "),
    block("world."),
    { type: "message_delta", delta: { stop_reason: "end_turn" } },
    { type: "message_stop" },
  ]),
  create: (baseUrl, options) => createAnthropic({ ...options, baseUrl }),
});

const chunk = (text: string, finishReason?: string): object => ({
  candidates: [{ content: { role: "model", parts: [{ text }] }, finishReason }],
});

describeModelFaults("createGemini()", {
  wire: sseWire([chunk("Hello"), chunk(", "), chunk("world.", "STOP")]),
  create: (baseUrl, options) => createGemini({ ...options, baseUrl }),
});

const line = (said: string, done = false): string =>
  JSON.stringify({ model: "m", message: { role: "assistant", content: said }, done });

describeModelFaults("createOllama()", {
  wire: {
    contentType: "application/x-ndjson",
    answer: Buffer.from([line("Hello"), line(", "), line("world."), line("", true)].join("\n")),
    garbage: Buffer.from("\n<html>Bad gateway</html>\n"),
    error: (status) => ({ body: JSON.stringify({ error: `Failed with ${status} for sk-fault-secret.` }) }),
  },
  create: (baseUrl, options) => createOllama({ ...options, baseUrl }),
});
