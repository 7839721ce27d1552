import { untrusted } from "@tau/core";
import type { CallContext, JsonObject, Label, Message, ToolResultContent } from "@tau/core";
import type { Tool } from "@tau/tools";

import { describeEndpoint, hashEndpoint } from "../config/endpoint.ts";
import type { McpServerConfig } from "../config/server-config.ts";
import type { DefinitionVerdict } from "../pins/compare-definitions.ts";
import type { PinnedDefinition, ServerLock } from "../pins/mcp-lock.ts";
import { findPinned, pinDefinition } from "../pins/mcp-lock.ts";
import type { McpClock } from "./clock.ts";
import type { McpClientOptions } from "./client-options.ts";
import { resourceTools } from "./resource-tools.ts";
import type { ResourceSource } from "./resource-tools.ts";
import { complete, getPrompt, listResources, readResource, watchResource } from "./server-requests.ts";
import type { CompletionRequest, McpResource, RequestLimits } from "./server-requests.ts";
import type { Examined } from "./server-link.ts";
import { createSessionLinks } from "./session-links.ts";
import type { SessionLinks } from "./session-links.ts";
import { notApproved, toTools } from "./to-tool.ts";
import type { ToToolsOptions, UnusableTool } from "./to-tool.ts";
import { assertUsable } from "./usable.ts";

/** What a server says of itself; all of it is its word. */
export interface McpInspection {
  /** The revision that both speak. */
  readonly revision: string;
  readonly serverName?: string;
  readonly serverVersion?: string;
  /** Everything that it defines, beside what was approved. */
  readonly verdicts: readonly DefinitionVerdict[];
}

/** Whether a server may be used: `approved`, or why not. */
export type McpServerState = "approved" | "endpoint_changed" | "not_approved";

/** One configured MCP server. */
export interface McpServerHandle extends AsyncDisposable {
  readonly name: string;
  readonly config: McpServerConfig;
  /** The command line or the address. */
  readonly endpoint: string;
  readonly state: McpServerState;
  /** Its approved tools. */
  tools(): readonly Tool[];
  /** What was approved and cannot become a tool, with the reason. */
  readonly unusable: readonly UnusableTool[];
  /** Its approved prompts. */
  readonly prompts: readonly PinnedDefinition[];
  /** Its approved instructions: its words, labelled; never to be put among an agent's own. */
  readonly instructions: { readonly text: string; readonly label: Label } | undefined;
  /**
   * Starts or reaches the server and lists what it defines. `start` says that a person agrees to just that, which is
   * what it takes while the server is not approved yet.
   *
   * @throws TauError `mcp.*`
   */
  inspect(call: CallContext, options?: { readonly start?: boolean }): Promise<McpInspection>;
  /** What would have to be in the lock for everything, or the named definitions, to be approved as `inspect` saw it. */
  approve(inspection: McpInspection, wanted?: (verdict: DefinitionVerdict) => boolean): ServerLock;
  /** Fills in an approved prompt. Its messages are labelled untrusted. */
  getPrompt(
    name: string,
    args: Readonly<Record<string, string>>,
    call: CallContext,
  ): Promise<readonly Message[]>;
  /** Its resources, all of it the server's words. */
  listResources(call: CallContext): Promise<readonly McpResource[]>;
  readResource(uri: string, call: CallContext): Promise<readonly ToolResultContent[]>;
  /** Calls `onUpdated` whenever the resource changes, until the signal aborts. */
  watchResource(uri: string, call: CallContext, onUpdated: () => void): Promise<void>;
  /** Values that the server suggests for an argument. */
  complete(request: CompletionRequest, call: CallContext): Promise<readonly string[]>;
  /** Whether a session's server runs at the moment. */
  isConnected(call: CallContext): boolean;
}

/** What a handle is made of. */
export interface HandleOptions extends Omit<McpClientOptions, "clock" | "servers"> {
  readonly name: string;
  readonly config: McpServerConfig;
  readonly clock: McpClock;
}

/** Makes the handle of one server. */
export function createMcpServerHandle(options: HandleOptions): McpServerHandle {
  const { name, config } = options;
  const locked = Object.hasOwn(options.lock, name) ? options.lock[name] : undefined;
  const state = stateOf(config, locked);
  const lock = state === "approved" ? locked : undefined;
  const watchers = new Map<string, Set<() => void>>();
  const links = createSessionLinks({
    ...options,
    lock,
    onResourceUpdated: (uri) => {
      for (const tell of watchers.get(uri) ?? []) tell();
    },
  });
  const use: Use = async (call, work) => {
    if (lock === undefined) throw notApproved(name, reasons[state]);
    return await links.of(call).use(call.signal, work);
  };
  const made = lock === undefined ? { tools: [], unusable: [] } : toTools(toolOptions(options, lock, links));
  const requests = requestsOf({ name, lock, use, watchers, timeout: config.timeoutMs ?? 60_000 });
  const { tools, unusable } =
    lock === undefined
      ? made
      : withResourceTools(made, { name, config, templates: templatesIn(lock), ...requests });
  return {
    name,
    config,
    endpoint: describeEndpoint(config),
    state,
    tools: () => tools,
    unusable,
    prompts: (lock?.definitions ?? []).filter(({ kind }) => kind === "prompt"),
    instructions: instructionsOf(name, lock),
    async inspect(call, { start = false } = {}) {
      if (lock === undefined && !start) throw notApproved(name, reasons[state]);
      return await links.of(call).use(call.signal, (examined) => Promise.resolve(toInspection(examined)));
    },
    approve: ({ verdicts }, wanted = () => true) => approveVerdicts(config, verdicts, wanted),
    ...requests,
    isConnected: (call) => links.isConnected(call),
    [Symbol.asyncDispose]: async () => await links[Symbol.asyncDispose](),
  };
}

type Use = <T>(call: CallContext, work: (examined: Examined) => Promise<T>) => Promise<T>;

interface RequestsOptions {
  readonly name: string;
  readonly lock: ServerLock | undefined;
  readonly use: Use;
  /** Milliseconds for an answer. */
  readonly timeout: number;
  readonly watchers: Map<string, Set<() => void>>;
}

/** What a server can be asked beside its tools. */
function requestsOf(options: RequestsOptions): Pick<McpServerHandle, RequestName> {
  const { name, lock, use, watchers, timeout } = options;
  const limits = ({ signal }: CallContext): RequestLimits => ({ signal, timeout });
  return {
    getPrompt: async (prompt, args, call) =>
      await use(call, async ({ connection, verdicts }) => {
        const definition = findPinned(lock, "prompt", prompt);
        if (definition === undefined)
          throw notApproved(name, `its prompt ${JSON.stringify(prompt)} is not approved`);
        await assertUsable(name, verdicts, definition);
        return await getPrompt(connection.client, { server: name, prompt, args }, limits(call));
      }),
    listResources: async (call) =>
      await use(call, async ({ connection }) => await listResources(connection.client, limits(call))),
    readResource: async (uri, call) =>
      await use(
        call,
        async ({ connection }) => await readResource(connection.client, { server: name, uri }, limits(call)),
      ),
    watchResource: async (uri, call, onUpdated) => {
      const tell = watchers.get(uri) ?? new Set();
      watchers.set(uri, tell.add(onUpdated));
      try {
        await use(call, async ({ connection }) => {
          await watchResource(connection.client, uri, limits(call));
        });
      } finally {
        tell.delete(onUpdated);
        if (tell.size === 0) watchers.delete(uri);
      }
    },
    complete: async (request, call) =>
      await use(call, async ({ connection }) => await complete(connection.client, request, limits(call))),
  };
}

type RequestName = "complete" | "getPrompt" | "listResources" | "readResource" | "watchResource";

function templatesIn({ definitions }: ServerLock): readonly PinnedDefinition[] {
  return definitions.filter(({ kind }) => kind === "resource_template");
}

/** Adds the tools for resources where the configuration wants them; a tool of the server keeps its name. */
function withResourceTools(
  made: ReturnType<typeof toTools>,
  source: ResourceSource & { readonly config: McpServerConfig },
): ReturnType<typeof toTools> {
  const { resources = false, timeoutMs = 60_000 } = source.config;
  if (!resources) return made;
  const names = new Set([...made.tools, ...made.unusable].map(({ name }) => name));
  const { free = [], taken = [] } = Object.groupBy(resourceTools(source, timeoutMs), ({ name }) =>
    names.has(name) ? "taken" : "free",
  );
  const reason = "the server has a tool of that name";
  return {
    tools: [...made.tools, ...free],
    unusable: [...made.unusable, ...taken.map(({ name }) => ({ name, reason }))],
  };
}

function toolOptions(options: HandleOptions, lock: ServerLock, links: SessionLinks): ToToolsOptions {
  const { name, config, ask, logLevel } = options;
  return {
    server: name,
    config,
    lock,
    linkOf: (call) => links.of(call),
    ...(logLevel === undefined ? {} : { logLevel }),
    ...(ask === undefined || config.elicitation === false
      ? {}
      : {
          visit: (call, context) => async (request) =>
            (await ask(request, { call, ...context })).action === "accept",
        }),
  };
}

function toInspection({ connection, verdicts }: Examined): McpInspection {
  const info = connection.client.getServerVersion();
  return {
    revision: connection.revision,
    verdicts,
    ...(info === undefined ? {} : { serverName: info.name, serverVersion: info.version }),
  };
}

const reasons: Readonly<Record<McpServerState, string>> = {
  approved: "it was approved",
  not_approved: "nobody approved it yet",
  endpoint_changed: "its command, its address or its rights are not those that were approved",
};

function stateOf(config: McpServerConfig, locked: ServerLock | undefined): McpServerState {
  if (locked === undefined) return "not_approved";
  return locked.endpointSha256 === hashEndpoint(config) ? "approved" : "endpoint_changed";
}

function approveVerdicts(
  config: McpServerConfig,
  verdicts: readonly DefinitionVerdict[],
  wanted: (verdict: DefinitionVerdict) => boolean,
): ServerLock {
  const definitions = verdicts.flatMap((verdict): PinnedDefinition[] => {
    const { status, live, pinned } = verdict;
    if (status === "ambiguous" || !wanted(verdict)) return pinned === undefined ? [] : [pinned];
    return live === undefined ? [] : [pinDefinition(live)];
  });
  return { endpoint: describeEndpoint(config), endpointSha256: hashEndpoint(config), definitions };
}

function instructionsOf(name: string, lock: ServerLock | undefined): McpServerHandle["instructions"] {
  const body: JsonObject | undefined = findPinned(lock, "instructions", "")?.body;
  const text = body?.["text"];
  return typeof text === "string" ? { text, label: untrusted(`mcp:${name}`) } : undefined;
}
