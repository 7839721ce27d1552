import { realpath, stat } from "node:fs/promises";
import { dirname, isAbsolute } from "node:path";
import { pathToFileURL } from "node:url";

import type { Model } from "@tau/agent";
import type { AskPerson, McpClient, McpClientOptions, McpFetch, McpServerConfig } from "@tau/mcp";
import type { CheckedFetch } from "@tau/egress";

import { createEgressLog } from "../egress-log.ts";
import { localTenant } from "../local-context.ts";
import { openEnvironment } from "../open-environment.ts";
import { resolveSecret } from "../resolve-secret.ts";
import type { Settings } from "../settings.ts";
import type { Terminal } from "../terminal.ts";
import { createCredentialFiles } from "./credential-files.ts";
import { askOnTerminal } from "./ask-on-terminal.ts";
import { authorizeInBrowser, redirectUrl } from "./authorize-in-browser.ts";
import { readLock } from "./lock-file.ts";
import { assertSameCode, withCode } from "./server-code.ts";

/** The MCP servers of a folder. */
export interface OpenServers extends AsyncDisposable {
  readonly client: McpClient;
  /** Whether there is a lock that nobody of this machine wrote. */
  readonly isForeign: boolean;
}

/** Options of {@link openServers}. */
export interface OpenServersOptions {
  readonly settings: Settings;
  readonly env: Terminal["env"];
  /** Whom servers may have asked that the configuration lets; absent: nobody. */
  readonly model?: Model;
  /** The terminal of somebody who can be asked and can log in; absent: only earlier logins are used. */
  readonly person?: Terminal;
  /** Whether the person only looks at servers: then they log in where they have to, and what servers ask is cancelled. */
  readonly isLooking?: boolean;
  /** Whether what servers ask is asked in the run, where somebody answers from elsewhere. */
  readonly asksInRun?: boolean;
}

/**
 * The MCP servers that the settings name; undefined when there are none. Nothing is started or reached.
 *
 * @throws TauError `mcp.invalid_config`, `mcp.invalid_name`, `mcp.invalid_lock`
 */
export async function openServers(options: OpenServersOptions): Promise<OpenServers | undefined> {
  const { settings, env, person, model } = options;
  const { mcp, home } = settings;
  if (mcp === undefined) return undefined;
  const { askInRun, createMcpClient, parseMcpServers } = await import("@tau/mcp");
  const servers = await withCode(parseMcpServers(mcp.servers), settings.cwd);
  const { lock, isForeign } = await readLock(home, mcp.lockPath);
  const network = createNetwork(settings, Object.values(servers));
  const client = createMcpClient({
    servers,
    lock,
    fetch: network.fetch,
    openHost: hostOpener(settings),
    resolveSecret: async (reference) => await resolveSecret(reference, "mcp.servers", { env }),
    ...(model === undefined ? {} : { sampling: { model } }),
    ...(person === undefined ? {} : { ask: options.isLooking === true ? askNobody : askOnTerminal(person) }),
    ...(person === undefined && options.asksInRun === true ? { ask: askInRun() } : {}),
    roots: () => [{ uri: pathToFileURL(settings.cwd).href, name: "workspace" }],
    oauth: {
      credentials: createCredentialFiles(home),
      redirectUrl,
      ...(person === undefined ? {} : { authorize: authorizeInBrowser(person) }),
    },
  });
  return {
    client,
    isForeign,
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      await network[Symbol.asyncDispose]();
    },
  };
}

/** Servers define less for those who cannot be asked, so it is not said that nobody can. */
const askNobody: AskPerson = async () => await Promise.resolve({ action: "cancel" });

/**
 * What servers may reach: public addresses, and the very address that the configuration names on this machine. What a
 * server itself names, such as its authorization server, is never on this machine or its network.
 */
function createNetwork(
  { home, egress }: Settings,
  servers: readonly McpServerConfig[],
): AsyncDisposable & { readonly fetch: McpFetch } {
  const origins = servers.flatMap((server) => (server.transport === "stdio" ? [] : [new URL(server.url)]));
  const local = new Set(origins.filter(({ protocol }) => protocol === "http:").map(({ origin }) => origin));
  let checked: CheckedFetch | undefined;
  return {
    async fetch(url, init) {
      if (local.has(new URL(url).origin)) return await fetch(url, { ...init, redirect: "manual" });
      const { createCheckedFetch } = await import("@tau/egress");
      checked ??= createCheckedFetch({
        caller: { tenant: localTenant, session: "mcp" },
        audit: createEgressLog(home),
        addresses: egress.addresses,
      });
      return await checked.fetch(url, init);
    },
    async [Symbol.asyncDispose]() {
      await checked?.[Symbol.asyncDispose]();
    },
  };
}

/** Starts servers where agents' commands run, with rights of their own and none of the credentials of commands. */
function hostOpener(settings: Settings): NonNullable<McpClientOptions["openHost"]> {
  return async ({ name, config }, { tenant }) => {
    const { access = "read-only", network = false } = config;
    const own = { profile: access, network, egress: { ...settings.egress, credentials: [] } };
    const workspace = await realpath(settings.cwd);
    await assertSameCode(name, config, workspace);
    const shownFolders = config.transport === "stdio" ? await foldersOf(config.command) : [];
    return await openEnvironment({ ...settings, ...own, shownFolders }, workspace, {
      tenant,
      session: `mcp:${name}`,
    });
  };
}

/**
 * The folders of the programs that a command names by their absolute paths, which may be below the /tmp that a jail has of
 * its own. Of a package, the folder that holds what it depends on.
 */
async function foldersOf(command: readonly string[]): Promise<readonly string[]> {
  const files = command.filter((word) => isAbsolute(word));
  const isFile = await Promise.all(
    files.map(async (file) => (await stat(file).catch(() => undefined))?.isFile() === true),
  );
  return files
    .filter((_, index) => isFile[index])
    .map((file) => /^.*?\/node_modules(?=\/)/u.exec(file)?.[0] ?? dirname(file));
}
