import { diffDefinitions, findDeceptive, findMentions, renderDefinition, showHidden } from "@tau/mcp";
import type { DefinitionVerdict, McpInspection, McpServerHandle } from "@tau/mcp";

import { visible } from "../plain-text.ts";

/** One line for a server: its name, whether it counts, and what runs or is reached. */
export function serverLine(server: McpServerHandle): string {
  const state = { approved: "approved", endpoint_changed: "changed", not_approved: "not approved" }[
    server.state
  ];
  const tools = server.state === "approved" ? `${server.tools().length} tools` : "";
  return visible(`${server.name.padEnd(16)} ${state.padEnd(13)} ${tools.padEnd(10)} ${server.endpoint}`);
}

/** What starting or reaching a server means, for a person to agree to. */
export function startLines({ config, endpoint }: McpServerHandle): readonly string[] {
  if (config.transport !== "stdio") {
    const headers = Object.keys(config.headers ?? {});
    return [
      `  reaches  ${endpoint}`,
      ...(headers.length === 0 ? [] : [`  sends    ${headers.join(", ")}`]),
    ].map(visible);
  }
  const { access = "read-only", network = false, env = {}, code = {} } = config;
  const reach =
    typeof network === "boolean" ? (network ? "everything" : "nothing") : network.hosts.join(", ");
  const names = Object.keys(env);
  return [
    `  runs     ${endpoint}`,
    ...Object.entries(code)
      .filter(([, content]) => content !== "absent")
      .map(([path, content]) => `  with     ${path} as it is now, ${content.slice(0, 19)}`),
    `  in       a jail, ${access}`,
    `  reaches  ${reach}`,
    ...(names.length === 0 ? [] : [`  gets     ${names.join(", ")}`]),
  ].map(visible);
}

/**
 * Everything that a server defines, whole where nobody approved it yet, and the difference where it changed. `others` are the
 * names of tools that are not the server's.
 */
export async function inspectionLines(
  inspection: McpInspection,
  others: readonly string[],
): Promise<readonly string[]> {
  const { revision, serverName = "unnamed", serverVersion = "", verdicts } = inspection;
  const own = new Set(verdicts.map(({ name }) => name));
  const foreign = others.filter((name) => !own.has(name));
  const lines = [`${serverName} ${serverVersion}, revision ${revision}`];
  for (const verdict of verdicts) lines.push(...(await verdictLines(verdict, foreign)));
  if (verdicts.length === 0) lines.push("  It defines nothing.");
  return lines.map(visible);
}

async function verdictLines(
  verdict: DefinitionVerdict,
  others: readonly string[],
): Promise<readonly string[]> {
  const { kind, name, status, live, pinned } = verdict;
  const head = `  ${kind.replace("_", " ")} ${showHidden(name)}: ${status}`;
  if (live === undefined || status === "approved") return [head];
  const shown = renderDefinition(live);
  const deceptive = findDeceptive(shown.join("\n"));
  const mentioned = findMentions(shown.join("\n"), others);
  const warnings = [
    ...(deceptive.length === 0 ? [] : [`    ! hidden or deceptive: ${deceptive.join(" ")}`]),
    ...(mentioned.length === 0
      ? []
      : [`    ! speaks of tools that are not its own: ${mentioned.join(", ")}`]),
  ];
  const body = pinned === undefined ? shown.map(showHidden) : await diffDefinitions(pinned, live);
  return [head, ...warnings, ...body.map((line) => `    ${line}`)];
}
