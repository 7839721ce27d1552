import type { ContextTrimmed, RunFinished, SessionEvent } from "@tau/core";
import { formatUsd, remedyOf, textOf } from "@tau/core";

import { clip, plain } from "./plain-text.ts";
import type { Style } from "./style.ts";
import { duration } from "./tool-lines.ts";

const maxLine = 110;

/** The lines that a timeline has for an event; those of answers and of tools are made elsewhere. */
export function eventLines(
  event: SessionEvent,
  sinceStartMs: number | undefined,
  style: Style,
): readonly string[] {
  switch (event.type) {
    case "run_started":
      return [
        style("bold", `› ${clip(textOf(event.prompt), maxLine)}`),
        ...sandboxLines(event.environment, style),
      ];
    case "run_resumed":
      return [style("dim", "  … goes on where it was interrupted")];
    case "approval_requested":
      return [style("yellow", `  ? ${clip(event.summary, 300)}`)];
    case "approval_answered":
      return [
        `${style("dim", "    ↳")} ${clip(event.by, 40)}: ${event.answer}${event.note === undefined ? "" : `, ${clip(event.note, maxLine)}`}`,
      ];
    case "hook_decided":
      return [
        style(
          "dim",
          `  hook ${clip(event.hook, 40)}: ${event.decision} ${clip(event.reason ?? "", maxLine)}`,
        ),
      ];
    case "context_injected":
      return [style("dim", `  + ${event.entries.map(({ key }) => clip(key, 40)).join(", ")}`)];
    case "context_trimmed":
      return [style("dim", `  no longer sent to the model: ${leftOut(event)}`)];
    case "run_waiting":
      return [style("yellow", `  … waits for ${waitsFor(event.reason)}`)];
    case "run_finished":
      return [endLine(event, sinceStartMs, style)];
    case "unknown":
      return [style("dim", `  ${clip(event.originalType, 60)}, from a newer Tau`)];
    default:
      return [];
  }
}

function leftOut({ droppedMessages, clearedCalls = [] }: ContextTrimmed): string {
  const messages = droppedMessages === 0 ? [] : [`${droppedMessages} old messages`];
  const results = clearedCalls.length === 0 ? [] : [`${clearedCalls.length} old results of tools`];
  return [...messages, ...results].join(", ");
}

/** The usual sandbox needs no word. */
function sandboxLines(kind: string | undefined, style: Style): readonly string[] {
  if (kind === undefined || kind === "jail" || kind === "none") return [];
  if (kind === "host") return [style("red", "  No sandbox: commands run on this machine, as you.")];
  const less = "; it keeps less than the jail, so rules decide on every command. tau doctor says why";
  return [style("yellow", `  Sandbox: ${clip(kind, 40)}${kind === "landlock" ? less : ""}.`)];
}

function waitsFor(reason: string): string {
  if (reason === "question") return "your answer";
  return reason === "approval" ? "an answer" : "a person to say what became of an interrupted call";
}

/** Where the command's own limits are set. */
const settings: Readonly<Record<string, string>> = {
  limit_steps: "go on with tau run --resume, or raise --max-steps, or max_steps under [agent] in tau.toml",
  limit_tokens: "go on with tau run --resume, or raise max_tokens under [agent] in tau.toml",
};

function whyOf(reason: RunFinished["reason"]): string {
  const remedy = settings[reason] ?? remedyOf(reason);
  return remedy === undefined ? reason : `${reason}: ${remedy}`;
}

function endLine(end: RunFinished, sinceStartMs: number | undefined, style: Style): string {
  const { status, reason, steps, usage, costMicroUsd, error } = end;
  const good = status === "completed";
  const why = error === undefined ? whyOf(reason) : `${plain(error.message)} [${plain(error.code)}]`;
  const head = good ? "done" : status === "cancelled" ? "cancelled" : `failed: ${why}`;
  const facts = [
    steps === 1 ? "1 model call" : `${steps} model calls`,
    `${count(usage.inputTokens)} tokens in, ${count(usage.outputTokens)} out`,
    ...(costMicroUsd === 0 ? [] : [formatUsd(costMicroUsd)]),
    ...(sinceStartMs === undefined ? [] : [duration(sinceStartMs)]),
  ];
  return `${style(good ? "green" : "red", `■ ${head}`)} ${style("dim", `· ${facts.join(" · ")}`)}`;
}

function count(tokens: number): string {
  return tokens.toLocaleString("en-US");
}
