import { assertServerName } from "@tau/mcp";
import type { McpServerHandle } from "@tau/mcp";

import { extraToolsOptions, modelOptions } from "../agent-options.ts";
import { askLine } from "../ask-line.ts";
import { flagOption, textOption } from "../command.ts";
import type { Command, ParsedArgs } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { localContext } from "../local-context.ts";
import { addServer, removeServer } from "../mcp/edit-servers.ts";
import { changeLock } from "../mcp/lock-file.ts";
import { openServers } from "../mcp/open-servers.ts";
import type { OpenServers } from "../mcp/open-servers.ts";
import { inspectionLines, serverLine, startLines } from "../mcp/server-lines.ts";
import { readSettings } from "../read-settings.ts";
import type { Settings } from "../settings.ts";
import { createStyle } from "../style.ts";
import { isInteractive, writeLine } from "../terminal.ts";
import type { Terminal } from "../terminal.ts";
import { usageError } from "../usage-error.ts";
import { wrongVerb } from "../verb-hint.ts";

const usage =
  "mcp list | add NAME -- COMMAND… | add NAME --url URL | inspect, approve, remove or prompt NAME";

/** `tau mcp`: the MCP servers that agents of this folder may use. */
export const mcpCommand: Command = {
  usage,
  description: `Manages the MCP servers that the folder's tau.toml names under [mcp.servers.NAME]. Nothing of a server is
used until you approved it: "approve" shows what runs and what it may touch, starts it once you say so,
shows everything that it defines, hidden characters included, and pins exactly that in mcp.lock. What a
server changes later waits until you approved it again. "inspect" shows the same and changes nothing; "add"
and "remove" edit tau.toml and run nothing. A command runs in a jail without network; see docs/mcp.md for
its keys. "prompt NAME" lists the prompts of a server, and "prompt NAME PROMPT key=value" fills one in and
prints it. "serve" is the other way round: it offers Tau's tools, the files of the folder, or an agent (KIND:
tools, files or runtime) to MCP clients, over standard input and output, or over HTTP with --port. "gateway"
offers the approved servers through one address. Both keep to the rules of the folder; what would be asked
is denied. Every call is a line of mcp-calls.jsonl in Tau's home.`,
  options: {
    url: { type: "string", value: "URL", help: "With add: a server elsewhere, over HTTP." },
    sse: { type: "boolean", help: "With add: the server speaks the transport of before 2025." },
    network: {
      type: "string",
      value: "HOSTS",
      help: "With add: hosts that the command may reach, separated by commas.",
    },
    access: { type: "string", value: "NAME", help: "With add: read-only, workspace-write or full." },
    only: {
      type: "string",
      value: "NAMES",
      help: "With approve: only these definitions, separated by commas.",
    },
    yes: { type: "boolean", short: "y", help: "With inspect and approve: do not ask, you agree." },
    port: { type: "string", value: "N", help: "With serve and gateway: serve over HTTP; 0 takes any port." },
    host: { type: "string", value: "HOST", help: "With --port: default 127.0.0.1; any other needs --token." },
    token: {
      type: "string",
      value: "REF",
      help: "With --port: clients must have it: env:NAME or file:PATH.",
    },
    "max-body-bytes": {
      type: "string",
      value: "N",
      help: "With --port: longer requests are refused. Default 4194304.",
    },
    ...modelOptions,
    profile: { type: "string", value: "NAME", help: "With serve and gateway: what tools may touch." },
    ...extraToolsOptions,
    cwd: { type: "string", short: "C", value: "FOLDER", help: "The folder. Default: this one." },
    config: {
      type: "string",
      value: "FILE",
      help: "Use this configuration file instead of the folder's tau.toml.",
    },
    environment: { type: "string", short: "e", value: "KIND", help: "jail, or host: no sandbox at all." },
  },
  examples: [
    "tau mcp add files -- npx -y @modelcontextprotocol/server-filesystem .",
    "tau mcp add docs --url https://mcp.example/mcp",
    "tau mcp approve files",
    'tau run "$(tau mcp prompt docs review file=a.ts)"',
    "tau mcp serve files --profile read-only",
    "tau mcp serve tools --with git,python",
    "tau mcp gateway --port 7118 --token env:TAU_MCP_TOKEN",
  ],

  async run(args, terminal) {
    const [verb = "list", name, ...words] = args.positionals;
    if (verb === "serve" || verb === "gateway") return await serve(verb, name, { args, terminal, words });
    const act = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
    if (
      act === undefined ||
      (name === undefined) !== (verb === "list") ||
      (verb !== "add" && verb !== "prompt" && words.length > 0)
    )
      throw wrongVerb(verb, [...Object.keys(verbs), "serve", "gateway"], `Say \`tau ${usage}\`.`);
    return await act({ args, terminal, name: name ?? "", words });
  },
};

async function serve(
  verb: "gateway" | "serve",
  kind = verb === "gateway" ? "gateway" : "tools",
  { args, terminal, words }: Pick<Request, "args" | "terminal" | "words">,
): Promise<number> {
  const { servedKinds, serveMcp } = await import("../mcp/serve-mcp.ts");
  const wanted = servedKinds.find((one) => one === kind);
  const fits = verb === "gateway" ? kind === "gateway" : kind !== "gateway";
  if (wanted === undefined || !fits || words.length > 0)
    throw usageError("Say `tau mcp serve tools`, `serve files`, `serve runtime`, or `tau mcp gateway`.");
  return await serveMcp(wanted, args, terminal);
}

interface Request {
  readonly args: ParsedArgs;
  readonly terminal: Terminal;
  readonly name: string;
  readonly words: readonly string[];
}

const verbs: Readonly<Record<string, (request: Request) => Promise<number>>> = {
  list,
  add,
  remove,
  inspect,
  approve,
  prompt,
};

async function prompt({ args, terminal, name, words }: Request): Promise<number> {
  await using open = await opened(args, terminal, false);
  if (open === undefined) throw usageError("There are no MCP servers here.");
  const { filledPrompt, promptLines } = await import("../mcp/show-prompt.ts");
  const server = open.servers.client.server(name);
  if (words.length > 0) writeLine(terminal, await filledPrompt(server, words, localContext(terminal)));
  else for (const line of promptLines(server)) writeLine(terminal, line);
  return exitCodes.ok;
}

async function list({ args, terminal }: Request): Promise<number> {
  await using open = await opened(args, terminal);
  if (open === undefined) {
    writeLine(terminal, "There are no MCP servers here. Add one: tau mcp add NAME -- COMMAND");
    return exitCodes.ok;
  }
  for (const server of open.servers.client.servers) writeLine(terminal, serverLine(server));
  if (open.servers.isForeign)
    writeLine(terminal, "\nThe mcp.lock here is not one that you wrote, and counts for nothing.");
  if (open.servers.client.servers.some(({ state }) => state !== "approved"))
    writeLine(terminal, "\nTo look at one and let agents use it: tau mcp approve NAME");
  return exitCodes.ok;
}

async function add({ args, terminal, name, words }: Request): Promise<number> {
  assertServerName(name);
  if (textOption(args, "config") !== undefined)
    throw usageError("add edits the folder's tau.toml: leave --config out.");
  const settings = await readSettings(args, terminal, false);
  if (settings.mcp !== undefined && Object.hasOwn(settings.mcp.servers, name))
    throw usageError(`There is a server ${JSON.stringify(name)} already: remove it first.`);
  const url = textOption(args, "url");
  if ((url === undefined) === (words.length === 0))
    throw usageError("Give either a command, behind --, or --url.");
  const [network, access] = [textOption(args, "network"), textOption(args, "access")];
  const values = {
    ...(url === undefined ? { command: words } : { url }),
    ...(flagOption(args, "sse") ? { transport: "sse" } : {}),
    ...(network === undefined ? {} : { network: network.split(",") }),
    ...(access === undefined ? {} : { access }),
  };
  const { parseMcpServers } = await import("@tau/mcp");
  parseMcpServers({ [name]: values });
  const outcome = await addServer(settings, name, values);
  writeLine(terminal, `Added ${name} to tau.toml. Nothing was run.`);
  if (outcome === "untrusted") writeLine(terminal, "Read the file, then run: tau trust");
  writeLine(terminal, `To look at it and let agents use it: tau mcp approve ${name}`);
  return exitCodes.ok;
}

async function remove({ args, terminal, name }: Request): Promise<number> {
  await using open = await opened(args, terminal);
  if (open === undefined) throw usageError("There are no MCP servers here.");
  open.servers.client.server(name);
  const { settings } = open;
  await removeServer(settings, name);
  if (settings.mcp !== undefined)
    await changeLock(settings.home, settings.mcp.lockPath, { name, approved: undefined });
  writeLine(terminal, `Removed ${name}.`);
  return exitCodes.ok;
}

async function inspect(request: Request): Promise<number> {
  const { args, terminal, name } = request;
  await using open = await opened(args, terminal);
  const server = await agreedServer(request, open);
  if (server === undefined) return exitCodes.denied;
  const inspection = await server.inspect(localContext(terminal), { start: true });
  for (const line of await inspectionLines(inspection, await toolsOfOthers(name, open)))
    writeLine(terminal, line);
  return exitCodes.ok;
}

async function approve(request: Request): Promise<number> {
  const { args, terminal, name } = request;
  await using open = await opened(args, terminal);
  const server = await agreedServer(request, open);
  if (open === undefined || server === undefined) return exitCodes.denied;
  const inspection = await server.inspect(localContext(terminal), { start: true });
  for (const line of await inspectionLines(inspection, await toolsOfOthers(name, open)))
    writeLine(terminal, line);
  const only = textOption(args, "only")?.split(",");
  const what = only === undefined ? "all of this" : only.join(", ");
  if (!(await isWanted(args, terminal, `Let agents use ${what}? [y]es or [n]o: `))) {
    writeLine(terminal, "Not approved; nothing was changed.");
    return exitCodes.denied;
  }
  const approved = server.approve(inspection, (verdict) => only?.includes(verdict.name) ?? true);
  const { home, mcp } = open.settings;
  if (mcp !== undefined) await changeLock(home, mcp.lockPath, { name, approved });
  writeLine(
    terminal,
    `Approved ${approved.definitions.length} definitions of ${name}, as shown above: mcp.lock`,
  );
  return exitCodes.ok;
}

/** The tools that a server's definitions have no business with: Tau's own and those of the other servers, by both names. */
async function toolsOfOthers(name: string, open: Opened | undefined): Promise<readonly string[]> {
  const { builtInTools } = await import("@tau/tools");
  const others = open?.servers.client.servers.filter((server) => server.name !== name) ?? [];
  const theirs = others.flatMap((server) =>
    server.tools().flatMap((tool) => [tool.name, tool.name.slice(server.name.length + 2)]),
  );
  return [...builtInTools().map((tool) => tool.name), ...theirs];
}

interface Opened extends AsyncDisposable {
  readonly settings: Settings;
  readonly servers: OpenServers;
}

async function opened(
  args: ParsedArgs,
  terminal: Terminal,
  isLooking: boolean = true,
): Promise<Opened | undefined> {
  const settings = await readSettings(args, terminal, false);
  const person = isInteractive(terminal) ? { person: terminal } : {};
  const servers = await openServers({ settings, env: terminal.env, ...person, isLooking });
  if (servers === undefined) return undefined;
  return { settings, servers, [Symbol.asyncDispose]: async () => await servers[Symbol.asyncDispose]() };
}

/** The named server, once the person agrees that it is started or reached; an approved one is. */
async function agreedServer(
  { args, terminal, name }: Request,
  open: Opened | undefined,
): Promise<McpServerHandle | undefined> {
  if (open === undefined)
    throw usageError("There are no MCP servers here. Add one: tau mcp add NAME -- COMMAND");
  const server = open.servers.client.server(name);
  if (server.state === "approved") return server;
  writeLine(terminal, `${server.name}, to see what it defines:`);
  for (const line of startLines(server)) writeLine(terminal, line);
  if (await isWanted(args, terminal, "Start it? [y]es or [n]o: ")) return server;
  writeLine(terminal, "Not started; nothing was changed.");
  return undefined;
}

async function isWanted(args: ParsedArgs, terminal: Terminal, question: string): Promise<boolean> {
  if (flagOption(args, "yes")) return true;
  if (!isInteractive(terminal)) throw usageError("Nobody can be asked here: read it, then say --yes.");
  const said = await askLine(terminal, createStyle(terminal)("bold", question), new AbortController().signal);
  return /^y(es)?$/iu.test(said?.trim() ?? "");
}
