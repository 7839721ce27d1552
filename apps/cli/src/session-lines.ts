import { formatUsd } from "@tau/core";
import type { SessionInfo } from "@tau/runtime";

import { clip, plain, plainJson } from "./plain-text.ts";
import { createStyle } from "./style.ts";
import { writeLine } from "./terminal.ts";
import type { Terminal } from "./terminal.ts";

const maxTitle = 100;

/** Shows sessions at a glance: what each is about and where it works, or each as a line of JSON. */
export function showSessions(infos: readonly SessionInfo[], terminal: Terminal, json: boolean): void {
  if (json) {
    for (const info of infos) writeLine(terminal, plainJson(info));
    return;
  }
  if (infos.length === 0) writeLine(terminal, 'There are no sessions yet. Make one: tau run "…"');
  const style = createStyle(terminal);
  for (const info of infos) {
    const when = new Date(info.updatedAt).toISOString().slice(0, 16).replace("T", " ");
    const todo = todoOf(info);
    writeLine(
      terminal,
      `${style("bold", info.sessionId)}  ${wordOf(info).padEnd(11)}  ${when} UTC  ${factsOf(info)}${todo === "" ? "" : style("yellow", `  ${todo}`)}`,
    );
    const about = [
      ...(info.title === undefined ? [] : [clip(info.title, maxTitle)]),
      ...(info.workspace === undefined ? [] : [style("dim", shortFolder(info.workspace, terminal))]),
    ];
    if (about.length > 0) writeLine(terminal, `  ${about.join("  ")}`);
  }
}

function wordOf({ status, interrupted }: SessionInfo): string {
  return interrupted === true ? "interrupted" : status;
}

/** What a person can do about it. */
function todoOf({ sessionId, pending, interrupted }: SessionInfo): string {
  if (pending.length > 0) return `tau approve ${sessionId}`;
  return interrupted === true ? `tau run --resume ${sessionId}` : "";
}

function factsOf({ turns, usage, costMicroUsd }: SessionInfo): string {
  const tokens = (usage.inputTokens + usage.outputTokens).toLocaleString("en-US");
  return [
    turns === 1 ? "1 turn" : `${turns} turns`,
    `${tokens} tokens`,
    ...(costMicroUsd === 0 ? [] : [formatUsd(costMicroUsd)]),
  ].join(" · ");
}

function shortFolder(folder: string, { env }: Terminal): string {
  const home = env["HOME"] ?? "";
  const isBelow = home !== "" && (folder === home || folder.startsWith(`${home}/`));
  return plain(isBelow ? `~${folder.slice(home.length)}` : folder);
}
