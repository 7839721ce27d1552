import { canonicalJson } from "@tau/core";

import { sha256 } from "../sha256.ts";
import type { McpServerConfig } from "./server-config.ts";

/** What a person approves before anything runs or is reached, in one line without secrets. */
export function describeEndpoint(server: McpServerConfig): string {
  if (server.transport !== "stdio") return server.url;
  return server.command
    .map((word) => (/^[\w@%+=:,./-]+$/u.test(word) ? word : JSON.stringify(word)))
    .join(" ");
}

/**
 * SHA-256 over everything that decides what runs, what it may touch, who is reached and what is handed over: once
 * it is another one, nothing that was approved counts any more. References to secrets count, secrets do not.
 */
export function hashEndpoint(server: McpServerConfig): string {
  const { transport, sampling = false, roots = false } = server;
  if (server.transport !== "stdio") {
    const { url, headers = {}, oauth = {} } = server;
    return sha256(canonicalJson({ transport, url, headers, oauth, sampling, roots }));
  }
  const { command, env = {}, access = "read-only", network = false, code } = server;
  const more = code === undefined ? {} : { code };
  return sha256(canonicalJson({ transport, command, env, access, network, sampling, roots, ...more }));
}
