import { textOption } from "./command.ts";
import type { OptionTable, ParsedArgs } from "./command.ts";
import { configPath, readConfigText } from "./config-file.ts";
import { loadConfig } from "./load-config.ts";
import { resolveSecret } from "./resolve-secret.ts";
import { tauHome } from "./tau-home.ts";
import type { Terminal } from "./terminal.ts";
import { usageError } from "./usage-error.ts";

/** Options of every command that looks at sessions, here or at a server. */
export const serverOptions: OptionTable = {
  server: {
    type: "string",
    value: "URL",
    help: "A server made by `tau serve`. Default: $TAU_SERVER, then [server] in tau.toml,\nthen this machine; local means this machine, whatever they say.",
  },
  token: {
    type: "string",
    value: "REF",
    help: "The server's token: env:NAME or file:PATH. Default: $TAU_TOKEN for $TAU_SERVER,\nand for [server] what is named there.",
  },
};

/** A server, and who calls it. */
export interface NamedServer {
  readonly baseUrl: string;
  readonly token?: string;
}

/** A `url` in the section `server`, in one of the ways that TOML has. */
const namesServer =
  /^[ \t]*\[[ \t]*server[ \t]*\][^\n]*(?:\n(?![ \t]*\[)[^\n]*)*?\n[ \t]*url[ \t]*=|^[ \t]*server[ \t]*[.=]/mu;

interface Found {
  readonly url: string;
  /** Where its token is, and what says so. */
  readonly token?: { readonly reference: string; readonly where: string };
}

/**
 * The server that the command line, the environment or the folder's configuration names; undefined for this machine. A
 * token goes to the server that it was named with, and to no other.
 *
 * @throws TauError `cli.usage`, `config.*`
 */
export async function namedServer(args: ParsedArgs, terminal: Terminal): Promise<NamedServer | undefined> {
  const [url, reference] = [textOption(args, "server"), textOption(args, "token")];
  const found = url === "local" ? undefined : await findServer(url, terminal);
  if (found === undefined) {
    if (reference !== undefined) throw usageError("--token goes with --server.");
    return undefined;
  }
  const token = reference === undefined ? found.token : { reference, where: "--token" };
  if (!URL.canParse(found.url)) throw usageError(`The server ${JSON.stringify(found.url)} is not a URL.`);
  if (token === undefined) return { baseUrl: found.url };
  warnOfPlainHttp(found.url, terminal);
  return { baseUrl: found.url, token: await resolveSecret(token.reference, token.where, terminal) };
}

async function findServer(url: string | undefined, terminal: Terminal): Promise<Found | undefined> {
  const named = fromEnvironment(terminal) ?? (await fromConfig(terminal));
  if (url === undefined) return named?.url === "local" ? undefined : named;
  // The same one, said twice: what it was named with counts.
  return named !== undefined && isSame(url, named.url) ? named : { url };
}

function fromEnvironment({ env }: Terminal): Found | undefined {
  const url = env["TAU_SERVER"] ?? "";
  if (url === "") return undefined;
  const hasToken = (env["TAU_TOKEN"] ?? "") !== "";
  return hasToken ? { url, token: { reference: "env:TAU_TOKEN", where: "$TAU_TOKEN" } } : { url };
}

async function fromConfig(terminal: Terminal): Promise<Found | undefined> {
  const text = await readConfigText(configPath(terminal.cwd));
  // Most folders name none, and then a file that nobody trusts yet is nobody's business here.
  if (text === undefined || !namesServer.test(text)) return undefined;
  const loaded = await loadConfig({ home: tauHome(terminal), cwd: terminal.cwd, named: undefined });
  const { url, token } = loaded.config.server;
  if (url === undefined) return undefined;
  const where = `${loaded.path ?? "tau.toml"}: server.token`;
  return token === undefined ? { url } : { url, token: { reference: token, where } };
}

function isSame(one: string, other: string): boolean {
  return URL.canParse(one) && URL.canParse(other) && new URL(one).origin === new URL(other).origin;
}

function warnOfPlainHttp(url: string, { stderr }: Terminal): void {
  const { protocol, hostname } = new URL(url);
  if (protocol !== "http:" || /^(?:localhost|127\.[\d.]+|\[::1\])$/u.test(hostname)) return;
  stderr.write(`The token goes to ${hostname} unencrypted; put a proxy with TLS in front, and name it.\n`);
}
