import { TauError } from "@tau/core";

import { sha256 } from "./sha256.ts";

/** No `__` and no `_` at the ends: the first `__` of a tool's name always ends the server's. */
const serverName = /^[a-zA-Z0-9]+(?:[-_][a-zA-Z0-9]+)*$/;

const maxServerChars = 32;
const maxToolChars = 64;
const digestChars = 8;

/** Checks the name a server gets here. @throws TauError `mcp.invalid_name` */
export function assertServerName(name: string): void {
  if (name.length <= maxServerChars && serverName.test(name)) return;
  throw new TauError(
    "mcp.invalid_name",
    `MCP server name ${JSON.stringify(name.slice(0, 80))} is not valid: use 1 to ${maxServerChars} letters and digits, with single "-" or "_" between them.`,
  );
}

/**
 * The name under which the tool of a server stands in front of a model: `server__tool`.
 *
 * It depends on nothing but the two names, so that no other tool of the server can move it. A name that
 * models' providers would refuse (other characters, or more than 64) is cut and ends with a digest of the
 * whole name. Two tools of one server may still get the same name; whoever lists them must then use neither.
 */
export function toToolName(server: string, tool: string): string {
  const prefix = `${server}__`;
  const plain = tool.replaceAll(/[^a-zA-Z0-9_-]/gu, "_");
  const room = maxToolChars - prefix.length;
  if (plain === tool && tool.length > 0 && tool.length <= room) return prefix + tool;
  return `${prefix}${plain.slice(0, room - digestChars - 1)}_${sha256(tool).slice(0, digestChars)}`;
}
