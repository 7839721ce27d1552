import { createHash, timingSafeEqual } from "node:crypto";
import { realpath } from "node:fs/promises";

import type { CallContext } from "@tau/core";
import {
  createFileTools,
  createMcpEndpoint,
  createMcpServer,
  createRateLimiter,
  listenMcp,
  offerFiles,
  offerPrompts,
  offerTools,
  serveMcpStdio,
} from "@tau/mcp";
import type { FindCaller, McpClient, McpServer, OfferToolsOptions } from "@tau/mcp";
import { builtInTools, createModuleRegistry, createToolRegistry } from "@tau/tools";
import type { ToolRegistry } from "@tau/tools";
import { rgPath } from "@vscode/ripgrep";

import { findAbleModel } from "../able-model.ts";
import { countOption, hostOption, portOption, textOption } from "../command.ts";
import type { ParsedArgs } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { extraTools, isNamed, openExtraTools } from "../extra-tools.ts";
import { localContext } from "../local-context.ts";
import { openLocalRuntime } from "../local-runtime.ts";
import { openEnvironment, policyFor } from "../open-environment.ts";
import { resolveSecret } from "../resolve-secret.ts";
import { readSettings } from "../read-settings.ts";
import type { Settings } from "../settings.ts";
import type { Terminal } from "../terminal.ts";
import { usageError } from "../usage-error.ts";
import { createAuditFile } from "./audit-file.ts";
import { openServers } from "./open-servers.ts";
import { runtimeTools } from "./runtime-tools.ts";

/** What `tau mcp serve` can serve, and `tau mcp gateway`. */
export const servedKinds = ["tools", "files", "runtime", "gateway"] as const;

/** One of {@link servedKinds}. */
export type ServedKind = (typeof servedKinds)[number];

/** Calls that a client may make. */
const limit = { burst: 60, perMinute: 300 };

/** Serves over stdio or, with `--port`, over HTTP, until the client or the person leaves; answers the exit code. */
export async function serveMcp(kind: ServedKind, args: ParsedArgs, terminal: Terminal): Promise<number> {
  // A client is a program: nobody can be asked.
  const settings = await readSettings(args, terminal, false);
  await using held = new AsyncDisposableStack();
  const environment = held.use(await openEnvironment(settings, await realpath(settings.cwd)));
  const { [Symbol.asyncDispose]: _, ...shared } = environment;
  const opening: Opening = { settings, args, terminal, held };
  const gated = kind === "gateway" ? await openGated(opening) : undefined;
  const rate = createRateLimiter(limit);
  const options: OfferToolsOptions = {
    tools:
      kind === "gateway" ? createToolRegistry({ tools: gated?.tools() ?? [] }) : await toolsOf(kind, opening),
    openEnvironment: async () => shared,
    policyFor: (info) => policyFor(settings, info),
    limit: rate,
    audit: createAuditFile(settings.home),
  };
  const server = createMcpServer({
    name: `tau-${kind}`,
    version: "0.1.0",
    onError: (error) => terminal.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`),
  });
  // Before what they work with is closed.
  held.defer(async () => await server.endTasks());
  offerTools(server, options);
  if (kind === "files") offerFiles(server, options);
  if (gated !== undefined) offerPrompts(server, { servers: gated.servers, limit: rate });
  const port = portOption(args);
  return port === undefined
    ? await overStdio(server, terminal)
    : await overHttp(server, port, { args, terminal, settings });
}

interface Opening {
  readonly settings: Settings;
  readonly args: ParsedArgs;
  readonly terminal: Terminal;
  /** What is closed at the end. */
  readonly held: AsyncDisposableStack;
}

async function toolsOf(
  kind: Exclude<ServedKind, "gateway">,
  { settings, terminal, held }: Opening,
): Promise<ToolRegistry> {
  if (kind === "files") return createFileTools();
  if (kind === "tools") return await toolsWithExtra(settings, held);
  const { model } = await findAbleModel(settings, terminal);
  const local = held.use(await openLocalRuntime({ settings, model, takesUp: [] }));
  await local.runtime.start();
  return createToolRegistry({ tools: runtimeTools(local.runtime, local.bootstrap) });
}

/** Speak to the person of a run, and end it: a client has neither. */
const ofRuns = new Set(["idle", "notify"]);

/** The built-in tools, and the sets that somebody named: what is on by default is meant for agents of this machine. */
async function toolsWithExtra(settings: Settings, held: AsyncDisposableStack): Promise<ToolRegistry> {
  const builtIn = builtInTools({ ripgrepPath: rgPath });
  const registry = createToolRegistry({ tools: builtIn.filter(({ name }) => !ofRuns.has(name)) });
  const named = extraTools.filter((row) => isNamed(row, settings));
  const bound = named.filter(({ needsRun }) => needsRun === true).map(({ name }) => name);
  if (bound.length > 0)
    throw usageError(
      `Without an agent around them these do not work: ${bound.join(", ")}. Leave them out with --without, or serve an agent: tau mcp serve runtime.`,
    );
  const sets = await openExtraTools(settings, isNamed);
  const modules = held.use(
    createModuleRegistry(
      registry,
      sets.map(({ module }) => module),
    ),
  );
  await modules.start(new AbortController().signal);
  return registry;
}

/** The approved servers of the folder, which a gateway stands in front of. */
async function openGated({ settings, terminal, held }: Opening): Promise<McpClient> {
  const open = await openServers({ settings, env: terminal.env });
  if (open === undefined)
    throw usageError(
      "There are no MCP servers here to stand in front of. Add one: tau mcp add NAME -- COMMAND",
    );
  const { client } = held.use(open);
  if (client.servers.every(({ state }) => state !== "approved"))
    throw usageError("No MCP server here is approved. Look at one and approve it: tau mcp approve NAME");
  return client;
}

async function overStdio(server: McpServer, terminal: Terminal): Promise<number> {
  const leaving = new AbortController();
  const call: CallContext = { ...localContext(terminal), signal: leaving.signal };
  await using service = await serveMcpStdio(server, { call });
  await Promise.race([service.closed, untilLeft(terminal)]);
  leaving.abort();
  return exitCodes.ok;
}

async function overHttp(
  server: McpServer,
  port: number,
  {
    args,
    terminal,
    settings,
  }: { readonly args: ParsedArgs; readonly terminal: Terminal; readonly settings: Settings },
): Promise<number> {
  const host = hostOption(args) ?? "127.0.0.1";
  const reference = textOption(args, "token");
  const maxBodyBytes = countOption(args, "max-body-bytes");
  const isLocal = ["127.0.0.1", "::1", "localhost"].includes(host);
  if (!isLocal && reference === undefined)
    throw usageError(`Whoever reaches ${host} could call these tools: give --token env:NAME or file:PATH.`);
  const token = reference === undefined ? undefined : await resolveSecret(reference, "--token", terminal);
  await using endpoint = await createMcpEndpoint(server, {
    ...(maxBodyBytes === undefined ? {} : { maxBodyBytes }),
    hosts: isLocal ? ["127.0.0.1", "localhost", "[::1]"] : [host],
    findCaller: callerByToken(token, localContext(terminal)),
  });
  await using listener = await listenMcp(endpoint, { host, port });
  terminal.stderr.write(`Serving ${settings.cwd} on ${listener.url.href}. Ctrl-C stops.\n`);
  await untilLeft(terminal);
  return exitCodes.ok;
}

/** Whoever shows the token is the person who started this; without one, everybody on this machine is. */
function callerByToken(token: string | undefined, call: CallContext): FindCaller {
  if (token === undefined) return async () => call;
  const wanted = digest(token);
  return async (request) => {
    const [, shown = ""] = /^Bearer (.+)$/u.exec(request.headers.get("authorization") ?? "") ?? [];
    return timingSafeEqual(digest(shown), wanted) ? call : undefined;
  };
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

async function untilLeft(terminal: Terminal): Promise<void> {
  await new Promise<void>((resolve) => {
    terminal.onLeave(() => resolve());
    terminal.onInterrupt(() => resolve());
  });
}
