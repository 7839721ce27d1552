import { isTauError } from "@tau/core";
import type { CallContext, Json } from "@tau/core";
import type {
  CallToolResult,
  ClientCapabilities,
  InputRequiredResult,
  ReadResourceResult,
  Server,
  ServerContext,
} from "@modelcontextprotocol/server";

import { tasksExtension } from "../client/task-results.ts";
import { bindTasks, isModernRequest, toCreated, wantedTask } from "./bind-tasks.ts";
import type { Offer } from "./offer.ts";
import type { McpRequest, ServedPrompt, ServedResourceTemplate, ServedTool } from "./served.ts";
import type { ServerSdk } from "./server-sdk.ts";
import type { ServerTasks, TaskWork } from "./server-tasks.ts";

/** What requests are answered with. */
export interface BindOptions {
  readonly offer: Offer;
  /** Entries of a page. */
  readonly pageSize: number;
  /** Who stands behind a connection or a request. */
  readonly callOf: (context: ServerContext) => CallContext;
  /** Signs a value for the caller of a request. */
  /** What goes on after its request was answered. */
  readonly tasks: ServerTasks;
  readonly seal: (value: Json, context: ServerContext) => Promise<string>;
  /** Hears of resources that a client wants to follow, where clients hold a connection. */
  readonly subscriptions?: Set<string>;
  /** Hears of what went wrong in a handler. */
  readonly onError?: (error: unknown) => void;
}

const maxSuggestions = 100;

/** Answers the requests of a connection with what is offered. */
export function bindHandlers(server: Server, sdk: ServerSdk, options: BindOptions): void {
  const { offer, pageSize } = options;
  const requestOf = (context: ServerContext): McpRequest => toRequest(context, options);
  const isShown = (tool: ServedTool, context: ServerContext): boolean =>
    tool.isVisible?.(options.callOf(context), capabilitiesOf(server, context, sdk)) !== false;

  const knowsTasks = (context: ServerContext): boolean =>
    capabilitiesOf(server, context, sdk).extensions?.[tasksExtension] !== undefined;

  server.setRequestHandler("tools/list", ({ params }, context) => {
    const { items, ...rest } = offer.tools.page(params?.cursor, pageSize, (tool) => isShown(tool, context));
    const isModern = isModernRequest(context);
    return { tools: items.map((tool) => (isModern ? tool.definition : withTaskSupport(tool))), ...rest };
  });
  server.setRequestHandler("tools/call", async ({ params }, context) => {
    const tool = offer.tools.get(params.name);
    if (tool === undefined || !isShown(tool, context))
      throw invalidParams(sdk, `There is no tool ${JSON.stringify(params.name)}.`);
    const run = async (request: McpRequest): Promise<CallToolResult | InputRequiredResult> => {
      try {
        return await tool.handle(params.arguments ?? {}, request);
      } catch (error) {
        if (error instanceof sdk.ProtocolError) throw error;
        request.call.signal.throwIfAborted();
        return failedCall(error, options);
      }
    };
    const request = requestOf(context);
    const isModern = isModernRequest(context);
    const wanted = isModern ? undefined : wantedTask(params);
    const isTask = isModern ? knowsTasks(context) : wanted !== undefined;
    const { mayBeTask = false } = tool;
    if (isTask ? !isModern && mayBeTask === false : mayBeTask === "must")
      throw wrongKind(sdk, params.name, { isModern, mayBeTask });
    if (!isTask || mayBeTask === false) return await run(request);
    const first = await tool.askFirst?.(params.arguments ?? {}, request);
    if (first !== undefined) return first;
    return toCreated(options.tasks.start(request.call, taskWork(request, run, sdk), wanted?.ttlMs), isModern);
  });
  bindTasks(server, sdk, { tasks: options.tasks, callOf: options.callOf, knowsTasks });
  server.setRequestHandler("resources/list", ({ params }) => {
    const { items, ...rest } = offer.resources.page(params?.cursor, pageSize);
    return { resources: items.map(({ definition }) => definition), ...rest };
  });
  server.setRequestHandler("resources/templates/list", ({ params }) => {
    const { items, ...rest } = offer.templates.page(params?.cursor, pageSize);
    return { resourceTemplates: items.map(({ definition }) => definition), ...rest };
  });
  server.setRequestHandler(
    "resources/read",
    async ({ params: { uri } }, context) => await readResource(uri, requestOf(context), sdk, offer),
  );
  server.setRequestHandler("prompts/list", ({ params }) => {
    const { items, ...rest } = offer.prompts.page(params?.cursor, pageSize);
    return { prompts: items.map(({ definition }) => definition), ...rest };
  });
  server.setRequestHandler("prompts/get", async ({ params }, context) => {
    const prompt = offer.prompts.get(params.name);
    if (prompt === undefined) throw invalidParams(sdk, `There is no prompt ${JSON.stringify(params.name)}.`);
    return await prompt.get(checkArguments(prompt, params.arguments ?? {}, sdk), requestOf(context));
  });
  server.setRequestHandler("completion/complete", async ({ params: { ref, argument } }, context) => {
    const source = ref.type === "ref/prompt" ? offer.prompts.get(ref.name) : offer.templates.get(ref.uri);
    const found = (await source?.complete?.(argument.name, argument.value, requestOf(context))) ?? [];
    const values = found.slice(0, maxSuggestions);
    return { completion: { values, total: found.length, hasMore: found.length > values.length } };
  });
  const { subscriptions } = options;
  if (subscriptions === undefined) return;
  server.setRequestHandler("resources/subscribe", ({ params }) => {
    subscriptions.add(params.uri);
    return {};
  });
  server.setRequestHandler("resources/unsubscribe", ({ params }) => {
    subscriptions.delete(params.uri);
    return {};
  });
}

function withTaskSupport({ definition, mayBeTask = false }: ServedTool): ServedTool["definition"] {
  if (mayBeTask === false) return definition;
  return { ...definition, execution: { taskSupport: mayBeTask === "must" ? "required" : "optional" } };
}

/** The error for a call that wants a task of a tool that has none, or none of one that is nothing else. */
function wrongKind(
  sdk: ServerSdk,
  name: string,
  { isModern, mayBeTask }: { readonly isModern: boolean; readonly mayBeTask: boolean | "must" },
): Error {
  if (isModern)
    return new sdk.MissingRequiredClientCapabilityError({
      requiredCapabilities: { extensions: { [tasksExtension]: {} } },
    });
  const how = mayBeTask === "must" ? "runs as a task only" : "does not run as a task";
  return new sdk.ProtocolError(
    sdk.ProtocolErrorCode.MethodNotFound,
    `The tool ${JSON.stringify(name)} ${how}.`,
  );
}

/** The call as it goes on without the request that began it: nobody hears how far it is, and only the task ends it. */
function taskWork(
  request: McpRequest,
  run: (request: McpRequest) => Promise<CallToolResult | InputRequiredResult>,
  sdk: ServerSdk,
): TaskWork {
  return async (signal, ask) => {
    const call = { ...request.call, signal };
    let round: McpRequest = { ...request, call, progress: async () => undefined };
    for (;;) {
      // What it wants to remember while it waits never leaves this process.
      let sealed: Json | undefined;
      const result = await run({
        ...round,
        seal: async (value) => {
          sealed = value;
          return "task";
        },
      });
      if (!sdk.isInputRequiredResult(result)) return result;
      if (!isModernRequest(request.protocol)) throw new TypeError("Such a task cannot ask its client.");
      const inputResponses = await ask(result.inputRequests ?? {});
      const { protocol } = round;
      round = { ...round, sealed, protocol: { ...protocol, mcpReq: { ...protocol.mcpReq, inputResponses } } };
    }
  };
}

/** What the client says that it can do: with each request of revision 2026-07-28, once for a session of 2025-11-25. */
function capabilitiesOf(server: Server, { mcpReq }: ServerContext, sdk: ServerSdk): ClientCapabilities {
  const declared: unknown = Reflect.get(mcpReq.envelope ?? {}, sdk.CLIENT_CAPABILITIES_META_KEY);
  const checked = sdk.specTypeSchemas.ClientCapabilities["~standard"].validate(declared);
  return checked.issues === undefined ? checked.value : (server.getClientCapabilities() ?? {});
}

function toRequest(protocol: ServerContext, { callOf, seal }: BindOptions): McpRequest {
  const token = protocol.mcpReq._meta?.progressToken;
  return {
    call: callOf(protocol),
    protocol,
    seal: async (value) => await seal(value, protocol),
    sealed: protocol.mcpReq.requestState<Json>(),
    async progress(done, total, message) {
      if (token === undefined) return;
      await protocol.mcpReq.notify({
        method: "notifications/progress",
        params: {
          progressToken: token,
          progress: done,
          ...(total === undefined ? {} : { total }),
          ...(message === undefined ? {} : { message }),
        },
      });
    },
  };
}

/** What a client is told of a failure: our own sentences, and of anything else no word. */
function failedCall(error: unknown, { onError }: BindOptions): CallToolResult {
  if (!isTauError(error)) onError?.(error);
  const text = isTauError(error)
    ? `${error.code}: ${error.message}`
    : "The tool failed; the server's log has the cause.";
  return { content: [{ type: "text", text }], isError: true };
}

async function readResource(
  uri: string,
  request: McpRequest,
  sdk: ServerSdk,
  { resources, templates }: Offer,
): Promise<ReadResourceResult | InputRequiredResult> {
  const resource = resources.get(uri);
  if (resource !== undefined) return await resource.read(uri, request);
  for (const template of templates.list()) {
    const variables = variablesOf(template, uri, sdk);
    if (variables !== undefined) return await template.read(uri, variables, request);
  }
  throw new sdk.ResourceNotFoundError(uri);
}

function variablesOf(
  { definition }: ServedResourceTemplate,
  uri: string,
  sdk: ServerSdk,
): Readonly<Record<string, string>> | undefined {
  const matched = new sdk.UriTemplate(definition.uriTemplate).match(uri);
  if (matched === null) return undefined;
  return Object.fromEntries(
    Object.entries(matched).map(([name, value]) => [
      name,
      typeof value === "string" ? value : value.join(","),
    ]),
  );
}

function invalidParams(sdk: ServerSdk, message: string): Error {
  return new sdk.ProtocolError(sdk.ProtocolErrorCode.InvalidParams, message);
}

/** Prompts have no schema, only names: what is missing is said here, and once. */
function checkArguments(
  { definition }: ServedPrompt,
  given: Readonly<Record<string, string>>,
  sdk: ServerSdk,
): Readonly<Record<string, string>> {
  const missing = (definition.arguments ?? []).filter(
    ({ name, required }) => required === true && given[name] === undefined,
  );
  if (missing.length === 0) return given;
  throw invalidParams(
    sdk,
    `The prompt ${JSON.stringify(definition.name)} needs: ${missing.map(({ name }) => name).join(", ")}.`,
  );
}
