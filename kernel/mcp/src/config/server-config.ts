import type { SideEffectClass } from "@tau/core";

/** What is known better here than at the server. */
export interface ToolOverride {
  /** `false` takes the tool away from every agent, approved or not. */
  readonly enabled?: boolean;
  /** What running it twice would mean. Default `irreversible`, whatever the server says. */
  readonly sideEffect?: SideEffectClass;
  /** Milliseconds. Default the server's. */
  readonly timeoutMs?: number;
  /** Scopes that a caller needs. */
  readonly scopes?: readonly string[];
}

/** What every server may have. */
interface AnyServer {
  /** Tools that may be approved at all, by their names at the server; absent: every one. */
  readonly allow?: readonly string[];
  /** By the tools' names at the server. */
  readonly tools?: Readonly<Record<string, ToolOverride>>;
  /** Milliseconds that the server gets to answer. Default 60,000. */
  readonly timeoutMs?: number;
  /** Milliseconds without a call after which the server is stopped. Default 300,000. */
  readonly idleMs?: number;
  /** The revision to speak. Default `auto`: the newest that both know. */
  readonly revision?: "auto" | "2025-11-25" | "2026-07-28";
  /** Whether the server may have models asked, within the program's limits. Default false. */
  readonly sampling?: boolean;
  /** Whether the server may ask the person. Default true, where the program has someone to ask. */
  readonly elicitation?: boolean;
  /** Whether agents get two tools to list and to read the server's resources. Default false. */
  readonly resources?: boolean;
  /** Whether the server is told which folders the agent works in. Default false. */
  readonly roots?: boolean;
}

/** A server that runs here, in a jail. */
export interface StdioServer extends AnyServer {
  readonly transport: "stdio";
  readonly command: readonly [string, ...string[]];
  /** Variables that it gets beside the usual ones; `env:NAME` and `file:PATH` are looked up when it starts. */
  readonly env?: Readonly<Record<string, string>>;
  /** What it may touch. Default `read-only`. */
  readonly access?: "read-only" | "workspace-write" | "full";
  /**
   * What is in the files that the command executes, by their paths: whoever runs the servers looks. Where it becomes another
   * content, nothing that was approved counts any more.
   */
  readonly code?: Readonly<Record<string, string>>;
  /** What it may reach. Default nothing. */
  readonly network?: boolean | { readonly hosts: readonly string[] };
}

/** How to authorize at a server that asks for it. */
export interface OAuthConfig {
  /** An id from the server's owner; without one, Tau registers itself. */
  readonly clientId?: string;
  /** A reference, `env:NAME` or `file:PATH`. */
  readonly clientSecret?: string;
  /**
   * An https address with a document about this client, which is its id at authorization servers that take such ids; at others
   * Tau registers itself. Default: the program's, if it has one.
   */
  readonly clientMetadataUrl?: string;
  /** The one authorization server that the id and the secret are for. Default: the first that the server names. */
  readonly issuer?: string;
  /** `client_credentials` for programs that nobody sits in front of. Default `authorization_code`. */
  readonly grant?: "authorization_code" | "client_credentials";
  /** What is asked for when the server does not say what it needs. */
  readonly scopes?: readonly string[];
}

/** A server elsewhere. */
export interface HttpServer extends AnyServer {
  /** `sse` is the transport of before 2025. */
  readonly transport: "http" | "sse";
  readonly url: string;
  /** Sent to the server's origin and nowhere else; `env:NAME` and `file:PATH` are looked up when it is reached. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly oauth?: OAuthConfig;
}

/** A configured MCP server. */
export type McpServerConfig = StdioServer | HttpServer;
