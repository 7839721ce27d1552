import type { Model } from "@tau/agent";
import { estimateTextTokens, estimateTokens, TauError, textOf, untrusted } from "@tau/core";
import type { CallContext, Label, Message, ModelFinished, StopReason } from "@tau/core";

/** What models may be asked for a server, which is off unless both the program and the server's configuration say so. */
export interface SamplingOptions {
  readonly model: Model;
  /** Asked before each request with the server's words; without it, whoever configured the server has agreed to all. */
  readonly approve?: (
    request: SamplingRequest,
    context: { readonly call: CallContext; readonly signal: AbortSignal },
  ) => Promise<boolean>;
  /** Requests of one server for one session. Default 20. */
  readonly maxRequests?: number;
  /** Tokens of all those requests together, in and out. Default 50,000. */
  readonly maxTokens?: number;
  /** Tokens of one answer, whatever the server asks for. Default 2,000. */
  readonly maxOutputTokens?: number;
}

/** What a server wants a model to be asked: its words, never to be trusted. */
export interface SamplingRequest {
  readonly server: string;
  readonly system?: string;
  readonly messages: readonly Message[];
  readonly maxOutputTokens: number;
  readonly temperature?: number;
  readonly stopSequences?: readonly string[];
}

/** What the model said. */
export interface SamplingAnswer {
  readonly text: string;
  readonly model: string;
  readonly stopReason: StopReason;
}

/** Answers one server's requests for one session. */
export type Sampler = (
  request: SamplingRequest,
  call: CallContext,
  signal: AbortSignal,
) => Promise<SamplingAnswer>;

/** Keeps a server's requests within the limits. They see no tools, no history and no instructions of the agent. */
export function createSampler(options: SamplingOptions): Sampler {
  const { model, approve, maxRequests = 20, maxTokens = 50_000, maxOutputTokens = 2_000 } = options;
  let requests = 0;
  let tokens = 0;
  return async (request, call, signal) => {
    const words = wordsOf(request);
    const room = maxTokens - tokens - words;
    if (requests >= maxRequests || room < 1) throw refused(request.server, "its budget is used up");
    requests += 1;
    const wanted = Math.max(1, request.maxOutputTokens);
    const bounded = { ...request, maxOutputTokens: Math.min(wanted, maxOutputTokens, room) };
    // Taken before anybody waits: what is asked together must fit together. A request that fails may have cost as much.
    const reserved = words + bounded.maxOutputTokens;
    tokens += reserved;
    if (approve !== undefined && !(await approve(bounded, { call, signal }))) {
      tokens -= reserved;
      throw refused(request.server, "it was not approved");
    }
    const finished = await ask(model, bounded, { ...call, signal });
    tokens += finished.usage.inputTokens + finished.usage.outputTokens - reserved;
    return { text: textOf(finished.message), model: finished.model, stopReason: finished.stopReason };
  };
}

function wordsOf({ system = "", messages }: SamplingRequest): number {
  return messages.reduce(
    (sum, message) => sum + estimateTokens(message),
    Math.ceil(estimateTextTokens(system)),
  );
}

async function ask(model: Model, request: SamplingRequest, call: CallContext): Promise<ModelFinished> {
  const { server, system, messages, ...settings } = request;
  const { completeAnswer } = await import("@tau/agent");
  return await completeAnswer(
    model,
    {
      ...(system === undefined ? {} : { system }),
      messages: messages.map((message) => labelled(message, untrusted(`mcp:${server}`))),
      tools: [],
      ...settings,
    },
    call,
  );
}

function labelled(message: Message, label: Label): Message {
  if (message.role !== "user") return message;
  return { role: "user", parts: message.parts.map((part) => ({ ...part, label })) };
}

/** The error for a server that may not have a model asked. */
export function refused(server: string, why: string): TauError {
  return new TauError(
    "mcp.sampling_refused",
    `The MCP server "${server}" may not have a model asked: ${why}.`,
  );
}
