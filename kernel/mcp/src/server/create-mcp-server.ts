import { randomBytes } from "node:crypto";

import type { CallContext, Json } from "@tau/core";
import type { Server, ServerContext, ServerNotifier } from "@modelcontextprotocol/server";

import { tasksExtension } from "../client/task-results.ts";
import { bindHandlers } from "./bind-handlers.ts";
import { callerKey } from "./http-caller.ts";
import { createOffer } from "./offer.ts";
import type { Offer } from "./offer.ts";
import type { ServedPrompt, ServedResource, ServedResourceTemplate, ServedTool } from "./served.ts";
import type { ServerSdk } from "./server-sdk.ts";
import { createServerTasks } from "./server-tasks.ts";
import type { ServerTasks } from "./server-tasks.ts";

/** Options of {@link createMcpServer}. */
export interface McpServerOptions {
  readonly name: string;
  readonly version: string;
  readonly title?: string;
  /** Tells a client's model what the server is for and how to use it. */
  readonly instructions?: string;
  /** Entries of a page of a list. Default 100. */
  readonly pageSize?: number;
  /**
   * Signs what a tool remembers while its client is asked something: at least 32 bytes, the same in every process that
   * serves the same clients. Default: random, for one process.
   */
  readonly stateKey?: Uint8Array;
  /** Hears of failures whose cause clients are not told. */
  readonly onError?: (error: unknown) => void;
}

/** What a connection, or a request that stands alone, is served with. */
export interface ConnectionOptions {
  readonly sdk: ServerSdk;
  readonly callOf: (context: ServerContext) => CallContext;
}

/** A client that holds a connection. */
export interface Connection {
  readonly server: Server;
  readonly subscriptions: ReadonlySet<string>;
}

/**
 * An MCP server: what it offers, to be served over stdio and HTTP at once. What is added or removed while clients are
 * connected is told to them.
 */
export interface McpServer {
  readonly name: string;
  /** @throws TauError `mcp.already_offered` */
  addTool(tool: ServedTool): void;
  removeTool(name: string): boolean;
  /** @throws TauError `mcp.already_offered` */
  addResource(resource: ServedResource): void;
  removeResource(uri: string): boolean;
  /** @throws TauError `mcp.already_offered` */
  addResourceTemplate(template: ServedResourceTemplate): void;
  /** @throws TauError `mcp.already_offered` */
  addPrompt(prompt: ServedPrompt): void;
  removePrompt(name: string): boolean;
  /** Tells clients that follow a resource that it changed. */
  resourceUpdated(uri: string): void;
  /** Ends every task, and waits until its work has ended. */
  endTasks(): Promise<void>;
  /** For transports: makes what answers one connection or request. */
  open(options: ConnectionOptions): Connection;
  /** For transports: whom to tell of changes; answers how to stop. */
  onChange(notifier: ServerNotifier): () => void;
}

/** Makes an {@link McpServer} that offers nothing yet. */
export function createMcpServer(options: McpServerOptions): McpServer {
  const offer = createOffer();
  const stateKey = options.stateKey ?? randomBytes(32);
  const tasks = createServerTasks();
  const notifiers = new Set<ServerNotifier>();
  const changed = (what: "prompts" | "resources" | "tools"): void => {
    for (const notifier of notifiers) tell(notifier, what);
  };
  const removed = (isGone: boolean, what: "prompts" | "resources" | "tools"): boolean => {
    if (isGone) changed(what);
    return isGone;
  };
  return {
    name: options.name,
    addTool(tool) {
      offer.tools.add(tool);
      changed("tools");
    },
    removeTool: (name) => removed(offer.tools.remove(name), "tools"),
    addResource(resource) {
      offer.resources.add(resource);
      changed("resources");
    },
    removeResource: (uri) => removed(offer.resources.remove(uri), "resources"),
    addResourceTemplate(template) {
      offer.templates.add(template);
      changed("resources");
    },
    addPrompt(prompt) {
      offer.prompts.add(prompt);
      changed("prompts");
    },
    removePrompt: (name) => removed(offer.prompts.remove(name), "prompts"),
    resourceUpdated(uri) {
      for (const notifier of notifiers) notifier.resourceUpdated(uri);
    },
    endTasks: async () => await tasks.endAll(),
    open: (connection) => connect({ ...options, stateKey, tasks }, offer, connection),
    onChange(notifier) {
      notifiers.add(notifier);
      return () => void notifiers.delete(notifier);
    },
  };
}

function tell(notifier: ServerNotifier, what: "prompts" | "resources" | "tools"): void {
  if (what === "tools") notifier.toolsChanged();
  else if (what === "prompts") notifier.promptsChanged();
  else notifier.resourcesChanged();
}

function connect(
  options: McpServerOptions & { readonly stateKey: Uint8Array; readonly tasks: ServerTasks },
  offer: Offer,
  { sdk, callOf }: ConnectionOptions,
): Connection {
  const { name, version, title, instructions, pageSize = 100, onError, stateKey } = options;
  const codec = sdk.createRequestStateCodec<Json>({
    key: stateKey,
    bind: (context) => `${callerKey(callOf(context))} ${context.mcpReq.method}`,
  });
  const server = new sdk.Server(
    { name, version, ...(title === undefined ? {} : { title }) },
    {
      capabilities: {
        tools: { listChanged: true },
        resources: { listChanged: true, subscribe: true },
        prompts: { listChanged: true },
        completions: {},
        logging: {},
        tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } },
        extensions: { [tasksExtension]: {} },
      },
      ...(instructions === undefined ? {} : { instructions }),
      requestState: { verify: codec.verify },
    },
  );
  const subscriptions = new Set<string>();
  bindHandlers(server, sdk, {
    offer,
    pageSize,
    callOf,
    tasks: options.tasks,
    seal: async (value, context) => await codec.mint(value, context),
    subscriptions,
    ...(onError === undefined ? {} : { onError }),
  });
  return { server, subscriptions };
}
