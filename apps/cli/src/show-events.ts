import type { EffectFinished, RunEvent, RunFinished, SessionEvent } from "@tau/core";
import { formatUsd, textOf } from "@tau/core";

import { createStyle, plain } from "./style.ts";
import type { Style } from "./style.ts";
import type { Terminal } from "./terminal.ts";
import { writeLine } from "./terminal.ts";

/** Shows the events of a session, one after the other. */
export interface EventView {
  show(event: RunEvent): void;
}

/** One JSON object a line: everything, for machines. */
export function createJsonView(terminal: Terminal): EventView {
  return { show: (event) => writeLine(terminal, JSON.stringify(event)) };
}

const maxLine = 110;

/** A timeline for people: text as it comes, a line for each tool, the end with its cost. */
export function createTimelineView(terminal: Terminal): EventView {
  const style = createStyle(terminal);
  /** Text of the current answer that was shown as fragments; the finished message repeats it. */
  let streamed = "";
  let midLine = false;

  const write = (text: string): void => {
    if (text === "") return;
    terminal.stdout.write(text);
    midLine = !text.endsWith("\n");
  };
  const line = (text: string): void => {
    if (midLine) terminal.stdout.write("\n");
    midLine = false;
    writeLine(terminal, text);
  };

  return {
    show(one) {
      if (one.kind === "delta") {
        if (one.delta.type === "text_delta") {
          streamed += one.delta.text;
          write(plain(one.delta.text));
        }
        return;
      }
      const { event } = one;
      if (event.type === "model_finished") {
        const text = textOf(event.message);
        if (text.startsWith(streamed)) write(plain(text.slice(streamed.length)));
        streamed = "";
        if (midLine) line("");
      }
      for (const shown of linesOf(event, style)) line(shown);
    },
  };
}

function linesOf(event: SessionEvent, style: Style): readonly string[] {
  switch (event.type) {
    case "run_started":
      return [
        style("dim", `▸ run ${event.runId} in ${event.environment}`),
        hostWarning(event.environment, style),
      ].filter((text) => text !== "");
    case "run_resumed":
      return [style("dim", `▸ run ${event.runId} goes on`)];
    case "effect_started":
      return [];
    case "effect_finished":
      return effectLines(event, style);
    case "permission_decided":
      return event.decision === "allow"
        ? []
        : [style("yellow", `  ${event.decision}: ${plain(event.reason)}`)];
    case "approval_requested":
      return [style("yellow", `? ${event.tool} ${clip(event.arguments)}`), `  ${plain(event.summary)}`];
    case "approval_answered":
      return [style("dim", `  ${event.by} answered: ${event.answer}`)];
    case "hook_decided":
      return [style("dim", `  hook ${event.hook}: ${event.decision} ${plain(event.reason ?? "")}`)];
    case "context_trimmed":
      return [style("dim", `  ${event.droppedMessages} old messages are no longer sent`)];
    case "run_waiting":
      return [
        style(
          "yellow",
          `… waits for ${event.reason === "approval" ? "an approval" : "a person to say what became of an effect"}`,
        ),
      ];
    case "run_finished":
      return [endLine(event, style)];
    default:
      return [];
  }
}

function hostWarning(environment: string, style: Style): string {
  return environment === "host" ? style("red", "  no sandbox: commands run on this machine as you") : "";
}

function effectLines(
  { tool, outcome, result, durationMs, details = {} }: EffectFinished,
  style: Style,
): readonly string[] {
  const good = outcome === "completed";
  const mark = good ? style("green", "✓") : style("red", "✗");
  const first = result.content.find((part) => part.type === "text");
  const text = first?.type === "text" ? clip(first.text) : "";
  const head = `${mark} ${style("bold", tool)} ${style("dim", `${text} (${durationMs} ms)`)}`;
  const diff = details["diff"];
  return typeof diff === "string" ? [head, ...diffLines(diff, style)] : [head];
}

function diffLines(diff: string, style: Style): readonly string[] {
  return plain(diff)
    .split("\n")
    .filter((text) => /^[-+@ ]/u.test(text) && !/^(---|\+\+\+)/u.test(text))
    .slice(0, 40)
    .map(
      (text) =>
        `    ${text.startsWith("+") ? style("green", text) : text.startsWith("-") ? style("red", text) : style("dim", text)}`,
    );
}

function endLine({ status, reason, steps, usage, costMicroUsd, error }: RunFinished, style: Style): string {
  const mark = status === "completed" ? style("green", "■") : style("red", "■");
  const why = error === undefined ? reason : `${reason}: ${plain(error.message)} [${error.code}]`;
  const cost = costMicroUsd === 0 ? "" : `, ${formatUsd(costMicroUsd)}`;
  const tokens = `${usage.inputTokens} tokens in, ${usage.outputTokens} out`;
  return `${mark} ${status} (${why}) ${style("dim", `${steps} model calls, ${tokens}${cost}`)}`;
}

/** The beginning of a text, on one line. */
function clip(text: string): string {
  const flat = plain(text).replaceAll(/\s+/gu, " ").trim();
  return flat.length <= maxLine ? flat : `${flat.slice(0, maxLine - 1)}…`;
}
