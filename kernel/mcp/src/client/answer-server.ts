import type {
  Client,
  CreateMessageRequest,
  CreateMessageResult,
  ElicitResult,
} from "@modelcontextprotocol/client";
import { isJsonObject, TauError } from "@tau/core";
import type { CallContext, Json, JsonObject, Message, StopReason } from "@tau/core";

import { isLoopback } from "../config/parse-servers.ts";
import type { AskPerson, PersonRequest } from "./ask-person.ts";
import type { CallAskers } from "./call-askers.ts";
import { showHidden } from "../pins/show-hidden.ts";
import { formFields } from "./form-fields.ts";
import type { AnswerInput } from "./run-extension-task.ts";
import { refused } from "./sampling.ts";
import type { Sampler, SamplingRequest } from "./sampling.ts";
import { loadSdk } from "./sdk.ts";
import { tasksExtension } from "./task-results.ts";
import { toJson } from "./to-json.ts";

/** A folder that a server is told of. */
export interface McpRoot {
  /** `file://…` */
  readonly uri: string;
  readonly name?: string;
}

/** Who answers what a server asks. What is absent, the server is told not to ask. */
export interface ServerAnswers {
  readonly server: string;
  readonly call: CallContext;
  readonly ask?: AskPerson;
  /** Whom the calls under way may ask. */
  readonly askers: CallAskers;
  /** Whether somebody waits for the server: one that nobody asked anything has nothing to ask. */
  readonly isUsed: () => boolean;
  readonly sampler?: Sampler;
  readonly roots?: () => readonly McpRoot[];
}

/** What is said of this client, so that servers ask for nothing else. */
export function clientCapabilities({ ask, sampler, roots }: ServerAnswers): Record<string, object> {
  return {
    ...(ask === undefined ? {} : { elicitation: { form: { applyDefaults: true }, url: {} } }),
    ...(sampler === undefined ? {} : { sampling: {} }),
    ...(roots === undefined ? {} : { roots: { listChanged: false } }),
    extensions: { [tasksExtension]: {} },
  };
}

/** Makes the client answer what the server asks. */
export function answerServer(client: Client, answers: ServerAnswers): void {
  const { ask, sampler, roots } = answers;
  if (roots !== undefined)
    client.setRequestHandler("roots/list", () => ({ roots: roots().map((root) => ({ ...root })) }));
  if (sampler !== undefined)
    client.setRequestHandler(
      "sampling/createMessage",
      async ({ params }, { mcpReq }) => await sampleFor(answers, sampler, params, mcpReq.signal),
    );
  if (ask !== undefined)
    client.setRequestHandler(
      "elicitation/create",
      async ({ params }, { mcpReq }) => await askFor(answers, ask, params, mcpReq.signal),
    );
}

/** What the server asks in the middle of a task is answered as what it asks elsewhere; undefined for what it may not ask. */
export function inputAnswerer(answers: ServerAnswers): AnswerInput {
  const { ask, sampler, roots } = answers;
  return async (method, params, signal) => {
    if (method === "roots/list" && roots !== undefined) return asObject({ roots: roots() });
    if (method === "elicitation/create" && ask !== undefined)
      return asObject(await askFor(answers, ask, params, signal));
    if (method !== "sampling/createMessage" || sampler === undefined) return undefined;
    const { specTypeSchemas } = await loadSdk();
    const checked = specTypeSchemas.CreateMessageRequestParams["~standard"].validate(params);
    if (checked.issues !== undefined) return undefined;
    return asObject(await sampleFor(answers, sampler, checked.value, signal));
  };
}

function asObject(value: object): JsonObject | undefined {
  const json = toJson(value);
  return isJsonObject(json) ? json : undefined;
}

async function sampleFor(
  { server, call, isUsed }: ServerAnswers,
  sampler: Sampler,
  params: CreateMessageRequest["params"],
  signal: AbortSignal,
): Promise<CreateMessageResult> {
  if (!isUsed()) throw refused(server, "nobody waits for an answer of it");
  const { text, model, stopReason } = await sampler(toSampling(server, params), call, signal);
  return {
    role: "assistant",
    model,
    stopReason: stopReasons[stopReason],
    content: { type: "text", text },
  };
}

async function askFor(
  { server, call, askers, isUsed }: ServerAnswers,
  ask: AskPerson,
  params: object,
  signal: AbortSignal,
): Promise<ElicitResult> {
  const request = toPersonRequest(server, params);
  if (request === undefined) return { action: "decline" };
  if (!isUsed()) return { action: "cancel" };
  const inRun = await askers.find(server, signal);
  return toElicitResult(await ask(request, { call, signal, ...(inRun === undefined ? {} : { ask: inRun }) }));
}

function toElicitResult(answer: Awaited<ReturnType<AskPerson>>): ElicitResult {
  if (answer.action !== "accept") return { action: answer.action };
  const fields = Object.entries(answer.content ?? {}).flatMap(([key, value]) => {
    const fitting = toFieldValue(value);
    return fitting === undefined ? [] : [[key, fitting] as const];
  });
  return { action: "accept", content: Object.fromEntries(fields) };
}

function toFieldValue(value: Json): string | number | boolean | string[] | undefined {
  if (Array.isArray(value)) return value.filter((item) => typeof item === "string");
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  return undefined;
}

/** What the person is asked; undefined for an address that nobody should open, and a form that nobody could read. */
export function toPersonRequest(server: string, params: object): PersonRequest | undefined {
  const { mode, message, requestedSchema, url }: Readonly<Record<string, unknown>> = { ...params };
  const words = typeof message === "string" ? message.slice(0, maxWords) : "";
  if (mode === "url") {
    if (typeof url !== "string" || !isSafeToOpen(url)) return undefined;
    return { kind: "url", server, message: words, url: new URL(url).href };
  }
  const schema = isJsonObject(requestedSchema) ? requestedSchema : {};
  return isAnswerable(schema) ? { kind: "form", server, message: words, schema } : undefined;
}

/** Characters of what a server tells the person; more would only push away what stands before it. */
const maxWords = 4_000;
const maxFields = 50;
const maxChoices = 100;
const maxChoiceChars = 200;

/** Tells whether a person can read and answer the form, choices as they are. */
function isAnswerable(schema: JsonObject): boolean {
  const fields = formFields(schema);
  return (
    fields.length <= maxFields &&
    fields.every(
      ({ choices }) =>
        choices.length <= maxChoices &&
        choices.every((choice) => choice.length <= maxChoiceChars && showHidden(choice) === choice),
    )
  );
}

/** Tells whether a browser may open it: scripts, files and other programs have addresses, too. */
export function isSafeToOpen(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname, username, password } = new URL(url);
  if (username !== "" || password !== "") return false;
  return protocol === "https:" || (protocol === "http:" && isLoopback(hostname));
}

const stopReasons: Readonly<Record<StopReason, string>> = {
  stop: "endTurn",
  length: "maxTokens",
  tool_calls: "toolUse",
  stop_sequence: "stopSequence",
  content_filtered: "endTurn",
  pause: "endTurn",
};

function toSampling(server: string, params: CreateMessageRequest["params"]): SamplingRequest {
  const { systemPrompt, messages, maxTokens, temperature, stopSequences } = params;
  return {
    server,
    messages: messages.map((message) => toMessage(server, message)),
    maxOutputTokens: maxTokens,
    ...(systemPrompt === undefined ? {} : { system: systemPrompt }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(stopSequences === undefined ? {} : { stopSequences }),
  };
}

function toMessage(server: string, message: CreateMessageRequest["params"]["messages"][number]): Message {
  const blocks = Array.isArray(message.content) ? message.content : [message.content];
  const texts = blocks.map((block) => {
    if (block.type === "text") return { type: "text" as const, text: block.text };
    if (block.type === "image" && message.role === "user") {
      return {
        type: "image" as const,
        mediaType: block.mimeType,
        source: { kind: "base64" as const, data: block.data },
      };
    }
    throw new TauError(
      "mcp.unsupported",
      `The MCP server "${server}" wanted a model to be shown ${block.type}, which is not done for servers.`,
    );
  });
  if (message.role === "user") return { role: "user", parts: texts };
  return { role: "assistant", parts: texts };
}
