import { isJsonObject, isTauError, TauError, untrusted } from "@tau/core";
import type { CallContext, JsonObject, JsonSchema } from "@tau/core";
import { defineTool } from "@tau/tools";
import type { Tool, ToolContext } from "@tau/tools";

import type { McpServerConfig } from "../config/server-config.ts";
import type { PinnedDefinition, ServerLock } from "../pins/mcp-lock.ts";
import { toToolName } from "../tool-name.ts";
import { callServerTool } from "./call-tool.ts";
import type { ToolRequest } from "./call-tool.ts";
import { assertUsable } from "./usable.ts";
import type { ServerLink } from "./server-link.ts";

/** Options of {@link toTools}. */
export interface ToToolsOptions {
  readonly server: string;
  readonly config: McpServerConfig;
  /** What was approved; nothing else becomes a tool. */
  readonly lock: ServerLock;
  readonly linkOf: (call: CallContext) => ServerLink;
  readonly visit?: (call: CallContext, context: VisitContext) => NonNullable<ToolRequest["visit"]>;
  readonly logLevel?: string;
}

type VisitContext = Pick<ToolContext, "ask" | "signal">;

/** An approved definition that cannot become a tool, and why. */
export interface UnusableTool {
  readonly name: string;
  readonly reason: string;
}

/**
 * The approved tools of a server as tools of Tau, without asking the server: their texts and schemas are those that
 * were approved. Whatever the server claims of a tool (that it only reads, that it may run twice) counts for nothing.
 */
export function toTools(options: ToToolsOptions): {
  readonly tools: readonly Tool[];
  readonly unusable: readonly UnusableTool[];
} {
  const { server, config, lock } = options;
  const pinned = lock.definitions.filter(({ kind, name }) => kind === "tool" && isAllowed(config, name));
  const named = Map.groupBy(pinned, ({ name }) => toToolName(server, name));
  const tools: Tool[] = [];
  const unusable: UnusableTool[] = [];
  for (const [name, [only, ...others]] of named) {
    if (only === undefined) continue;
    if (others.length > 0) {
      unusable.push({ name, reason: "two tools of the server get this name" });
      continue;
    }
    try {
      tools.push(toTool(name, only, options));
    } catch (error) {
      if (!isTauError(error)) throw error;
      unusable.push({ name, reason: error.message });
    }
  }
  return { tools, unusable };
}

/** Whether the configuration lets a tool be used at all. */
function isAllowed({ allow, tools = {} }: McpServerConfig, name: string): boolean {
  const override = Object.hasOwn(tools, name) ? tools[name] : undefined;
  return override?.enabled !== false && (allow === undefined || allow.includes(name));
}

function toTool(name: string, pinned: PinnedDefinition, options: ToToolsOptions): Tool {
  const { server, config, linkOf, visit, logLevel } = options;
  const overrides = config.tools ?? {};
  const override = Object.hasOwn(overrides, pinned.name) ? overrides[pinned.name] : undefined;
  const timeoutMs = override?.timeoutMs ?? config.timeoutMs ?? 60_000;
  const { description, inputSchema, outputSchema } = pinned.body;
  const output = isJsonObject(outputSchema) ? { output: withoutDialect(outputSchema) } : {};
  return defineTool({
    name,
    description: typeof description === "string" ? description : `The tool ${name}.`,
    input: withoutDialect(isJsonObject(inputSchema) ? inputSchema : {}),
    ...output,
    sideEffect: override?.sideEffect ?? "irreversible",
    timeoutMs,
    label: untrusted(`mcp:${server}`),
    group: server,
    ...(override?.scopes === undefined ? {} : { scopes: override.scopes }),
    execute: async (input: JsonObject, { call, signal, progress, ask }) => {
      const link = linkOf(call);
      return await link.use(signal, async ({ connection, verdicts }) => {
        await assertUsable(server, verdicts, pinned);
        const request: ToolRequest = {
          server,
          tool: pinned,
          input,
          // Whoever can ask stops the time of the tool meanwhile, which ends the call by its signal.
          timeoutMs: ask === undefined ? timeoutMs : longestTimeoutMs,
          signal,
          progress,
          tasks: connection.tasks,
          answerInput: connection.answerInput,
          ...(visit === undefined
            ? {}
            : { visit: visit(call, { signal, ...(ask === undefined ? {} : { ask }) }) }),
          ...(logLevel === undefined ? {} : { logLevel }),
        };
        return await link.askers.during(
          ask,
          async () => await callServerTool(connection.client, request),
          signal,
        );
      });
    },
  });
}

/** As long as a timer can be. */
const longestTimeoutMs = 2 ** 31 - 1;

/** Providers refuse `$schema`, and every dialect is read as the one of today. */
function withoutDialect(schema: JsonObject): JsonSchema {
  const { $schema: _, ...rest } = schema;
  return rest;
}

/** The error for a server that nobody approved, or that is not the one that was approved. */
export function notApproved(server: string, why: string): TauError {
  return new TauError(
    "mcp.not_approved",
    `The MCP server "${server}" may not be used: ${why}. Look at it, then approve it.`,
  );
}
