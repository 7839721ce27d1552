import type { CallContext, Json } from "@tau/core";
import type {
  CallToolResult,
  ClientCapabilities,
  GetPromptResult,
  InputRequiredResult,
  Prompt,
  ReadResourceResult,
  Resource,
  ResourceTemplateType,
  ServerContext,
  Tool,
} from "@modelcontextprotocol/server";

/** Who asks a server of ours, and how to speak to its client while it waits. */
export interface McpRequest {
  /** Whose request it is; its signal aborts when the client cancels or goes away. */
  readonly call: CallContext;
  /** The request as the SDK has it: logging, the client's answers, its capabilities. */
  readonly protocol: ServerContext;
  /**
   * Signs what the tool has to remember while its client is asked something, for this caller and this kind of request, for ten
   * minutes; the client can read it. It goes into `requestState` of the answer.
   */
  seal(value: Json): Promise<string>;
  /** What the client brought back of it; checked. */
  readonly sealed: Json | undefined;
  /** Tells a client that wants to know how far the work is. */
  progress(done: number, total?: number, message?: string): Promise<void>;
}

/** What came of a request: its result, or what has to be asked of the client's person or model first. */
export type Answer<Result> = Promise<Result | InputRequiredResult>;

/** A tool that a server offers. */
export interface ServedTool {
  readonly definition: Tool;
  /** Whether a caller is shown it and may call it, with a client that can do this. Default: everybody, with any. */
  isVisible?(call: CallContext, client: ClientCapabilities): boolean;
  /**
   * Whether a call may go on as a task after its request was answered; `must`: not otherwise, so clients that know no tasks are
   * refused. Clients of 2025-11-25 say whether they want that, and such a task can ask them nothing; those of 2026-07-28 who
   * know tasks always get one, and its questions are answered as it goes on.
   */
  readonly mayBeTask?: boolean | "must";
  /** What is to be asked of the client before there is a task; undefined: nothing more. */
  askFirst?(
    args: Readonly<Record<string, unknown>>,
    request: McpRequest,
  ): Promise<InputRequiredResult | undefined>;
  /** What it throws becomes an error result; a `TauError`'s message is shown, of anything else only that it failed. */
  handle(args: Readonly<Record<string, unknown>>, request: McpRequest): Answer<CallToolResult>;
}

/** A resource that a server offers under one address. */
export interface ServedResource {
  readonly definition: Resource;
  read(uri: string, request: McpRequest): Answer<ReadResourceResult>;
}

/** Resources whose addresses follow a template (RFC 6570), `tau://sessions/{id}`. */
export interface ServedResourceTemplate {
  readonly definition: ResourceTemplateType;
  /** `variables` are the decoded values of the template's variables. */
  read(
    uri: string,
    variables: Readonly<Record<string, string>>,
    request: McpRequest,
  ): Answer<ReadResourceResult>;
  /** Values for a variable that begin with `value`. */
  complete?(variable: string, value: string, request: McpRequest): Promise<readonly string[]>;
}

/** A prompt that a server offers. */
export interface ServedPrompt {
  readonly definition: Prompt;
  get(args: Readonly<Record<string, string>>, request: McpRequest): Answer<GetPromptResult>;
  /** Values for an argument that begin with `value`. */
  complete?(argument: string, value: string, request: McpRequest): Promise<readonly string[]>;
}
