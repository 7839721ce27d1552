import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";

import { isJsonObject, parseJson } from "@tau/core";
import type { Json, JsonObject } from "@tau/core";

/** What the vendor does to a request: answers, or answers with a status, or breaks off, or falls silent. */
export type VendorScenario =
  | { readonly kind: "answer" | "length" | "tools" | "cut" | "stall" }
  | { readonly kind: "status"; readonly status: number; readonly message: string };

/** A request that the vendor got. */
export interface VendorRequest {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: JsonObject;
}

/** Anthropic, Google and OpenAI on one loopback port: the protocols that the commands speak. */
export interface Vendor extends AsyncDisposable {
  readonly url: string;
  /** Requests for answers, oldest first. */
  readonly requests: readonly VendorRequest[];
  readonly openRequests: () => number;
}

const pieces = ["Hello", ", wor", "ld."];

/** Starts a {@link Vendor}. */
export async function startVendor(scenario: VendorScenario): Promise<Vendor> {
  const requests: VendorRequest[] = [];
  const open = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    open.add(response);
    response.on("close", () => open.delete(response));
    answer(scenario, request, response).then(
      (seen) => seen !== undefined && requests.push(seen),
      () => response.destroy(),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    openRequests: () => open.size,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(
  scenario: VendorScenario,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<VendorRequest | undefined> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  const path = (request.url ?? "").split("?")[0] ?? "";
  const parsed = parseJson(Buffer.concat(chunks).toString("utf8"));
  const body = parsed.ok && isJsonObject(parsed.value) ? parsed.value : {};
  const events = eventsOf(path, scenario);
  if (events === undefined || request.method !== "POST") {
    // The commands also ask for news, lists and counts, and do without.
    response.writeHead(404, { "content-type": "application/json" }).end("{}");
    return undefined;
  }
  if (scenario.kind === "status") {
    response.writeHead(scenario.status, { "content-type": "application/json" });
    response.end(JSON.stringify(errorOf(path, scenario.status, scenario.message)));
  } else {
    await send(events, scenario, response);
  }
  return { path, headers: request.headers, body };
}

async function send(
  events: readonly JsonObject[],
  { kind }: VendorScenario,
  response: ServerResponse,
): Promise<void> {
  response.writeHead(200, { "content-type": "text/event-stream" });
  const whole = kind !== "cut" && kind !== "stall";
  for (const event of whole ? events : events.slice(0, Math.ceil(events.length / 2))) {
    const { type } = event;
    response.write(`${typeof type === "string" ? `event: ${type}\n` : ""}data: ${JSON.stringify(event)}\n\n`);
  }
  if (whole) response.end();
  if (kind !== "cut") return;
  // The half that was written must leave before the connection breaks.
  await new Promise<void>((resolve) => {
    response.write(": cut\n\n", () => resolve());
  });
  response.destroy();
}

function eventsOf(path: string, { kind }: VendorScenario): readonly JsonObject[] | undefined {
  if (path.endsWith("/messages")) return anthropicEvents(kind);
  if (path.endsWith(":streamGenerateContent")) return geminiEvents(kind === "length" ? "MAX_TOKENS" : "STOP");
  if (path.endsWith("/responses")) return openAiEvents(kind === "length");
  return undefined;
}

function errorOf(path: string, status: number, message: string): Json {
  if (path.includes("models/")) return { error: { code: status, message, status: "" } };
  return { type: "error", error: { type: "", message } };
}

const stopReasons: Readonly<Record<string, string>> = { length: "max_tokens", tools: "tool_use" };

function anthropicEvents(kind: string): readonly JsonObject[] {
  const usage = { input_tokens: 11, output_tokens: 1, cache_read_input_tokens: 3 };
  const message = { id: "msg_1", type: "message", role: "assistant", model: "claude-real", content: [] };
  const stop = { stop_reason: stopReasons[kind] ?? "end_turn", stop_sequence: null };
  return [
    { type: "message_start", message: { ...message, stop_reason: null, stop_sequence: null, usage } },
    ...(kind === "tools" ? anthropicCalls() : anthropicText()),
    { type: "message_delta", delta: stop, usage: { output_tokens: 4 } },
    { type: "message_stop" },
  ];
}

function anthropicText(): readonly JsonObject[] {
  return [
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
    ...pieces.map((text) => ({
      type: "content_block_delta",
      index: 0,
      delta: { type: "text_delta", text },
    })),
    { type: "content_block_stop", index: 0 },
  ];
}

function anthropicCalls(): readonly JsonObject[] {
  const inputs = ['{"a":1,"b":2}', '{"a":3,"b":4}'];
  return inputs.flatMap((input, index) => [
    {
      type: "content_block_start",
      index,
      content_block: { type: "tool_use", id: `toolu_${index}`, name: "mcp__tau__add", input: {} },
    },
    ...[input.slice(0, 6), input.slice(6)].map((json) => ({
      type: "content_block_delta",
      index,
      delta: { type: "input_json_delta", partial_json: json },
    })),
    { type: "content_block_stop", index },
  ]);
}

function geminiEvents(finishReason: string): readonly JsonObject[] {
  return pieces.map((text, index) => ({
    candidates: [
      {
        content: { role: "model", parts: [{ text }] },
        ...(index === pieces.length - 1 ? { finishReason } : {}),
        index: 0,
      },
    ],
    usageMetadata: {
      promptTokenCount: 14,
      cachedContentTokenCount: 3,
      candidatesTokenCount: 3,
      thoughtsTokenCount: 1,
      totalTokenCount: 18,
    },
    modelVersion: "gemini-real",
  }));
}

function openAiEvents(cutByLimit: boolean): readonly JsonObject[] {
  const text = pieces.join("");
  const item = { type: "message", id: "msg_1", role: "assistant" };
  const done = { ...item, status: "completed", content: [{ type: "output_text", text, annotations: [] }] };
  const usage = {
    input_tokens: 14,
    input_tokens_details: { cached_tokens: 3 },
    output_tokens: 4,
    output_tokens_details: { reasoning_tokens: 1 },
    total_tokens: 18,
  };
  const end = cutByLimit
    ? { status: "incomplete", incomplete_details: { reason: "max_output_tokens" } }
    : { status: "completed" };
  const created = { id: "resp_1", status: "in_progress", output: [] };
  return [
    { type: "response.created", response: created },
    {
      type: "response.output_item.added",
      output_index: 0,
      item: { ...item, status: "in_progress", content: [] },
    },
    ...pieces.map((delta) => ({
      type: "response.output_text.delta",
      item_id: "msg_1",
      output_index: 0,
      content_index: 0,
      delta,
    })),
    { type: "response.output_item.done", output_index: 0, item: done },
    {
      type: cutByLimit ? "response.incomplete" : "response.completed",
      response: { id: "resp_1", ...end, output: [done], usage },
    },
  ];
}
