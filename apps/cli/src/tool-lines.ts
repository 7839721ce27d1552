import type { EffectFinished, JsonObject, ToolCallPart } from "@tau/core";
import { isJsonObject, parseJson } from "@tau/core";

import { clip, plain } from "./plain-text.ts";
import type { Style } from "./style.ts";

/** Arguments that say what a call is about, the first one that is there. */
const tellingArguments = ["command", "path", "pattern", "query", "url", "name"];
const maxHeadLines = 5;
const maxTailLines = 5;
const maxDiffLines = 40;
const maxErrorLines = 4;

/** What a call is about, on one line. */
export function callTitle(call: Pick<ToolCallPart, "arguments"> | undefined, width: number): string {
  if (call === undefined) return "";
  const parsed = parseJson(call.arguments);
  if (!parsed.ok || !isJsonObject(parsed.value)) return clip(call.arguments, width);
  const values = parsed.value;
  const telling = tellingArguments.map((name) => values[name]).find((value) => typeof value === "string");
  if (telling !== undefined) return clip(telling, width);
  return Object.keys(values).length === 0 ? "" : clip(call.arguments, width);
}

/** How a call is shown. */
export interface ToolLineOptions {
  /** Absent when it was not seen. */
  readonly call: ToolCallPart | undefined;
  readonly style: Style;
  /** Whether a change of a file is shown line by line. */
  readonly diffs: boolean;
}

/** What became of a call: a line, and what is worth seeing of its result. */
export function toolLines(
  effect: EffectFinished,
  { call, style, diffs }: ToolLineOptions,
): readonly string[] {
  const { tool, outcome, durationMs, details = {} } = effect;
  // A command that ran and failed is not what anybody hoped for.
  const good = outcome === "completed" && (details["exitCode"] ?? 0) === 0;
  const mark = good ? style("green", "✓") : style("red", "✗");
  const facts = [
    ...(outcome === "completed" || outcome === "failed" ? [] : [outcome]),
    ...exitFact(details["exitCode"]),
    ...changeFact(details["added"], details["removed"]),
    ...(outcome === "denied" ? [] : [duration(durationMs)]),
  ];
  const title = callTitle(call, 100);
  const head = `  ${mark} ${style("bold", clip(tool, 40))}${title === "" ? "" : ` ${title}`} ${style("dim", `· ${facts.join(" · ")}`)}`;
  if (!diffs && typeof details["diff"] === "string") return [head];
  return [head, ...body(effect, style)];
}

function body({ tool, outcome, result, details = {} }: EffectFinished, style: Style): readonly string[] {
  const told = personLines(details);
  if (told !== undefined) return told;
  const diff = details["diff"];
  if (typeof diff === "string") return diffLines(diff, style).map((line) => `      ${line}`);
  const part = result.content.find(({ type }) => type === "text");
  const text = plain(part?.type === "text" ? part.text : "").split("\n");
  // The first line of a command's result says what the facts say already.
  const isOutput = tool === "bash" && typeof details["exitCode"] === "number";
  const lines = text
    .slice(isOutput ? 1 : 0)
    .map((line) => clip(line, 110))
    .filter((line) => line !== "" && line !== "(no output)");
  if (isOutput) return shorten(lines).map((line) => style("dim", `    │ ${line}`));
  if (outcome === "completed") return [];
  if (outcome === "denied")
    return [style("red", `    │ ${clip(text.join(" ").replace(/^tool\.denied: /u, ""), 300)}`)];
  return lines.slice(0, maxErrorLines).map((line) => style("red", `    │ ${line}`));
}

/** What is there for a person to see: a notice, the list of what is to be done. */
function personLines({ notice, todos }: JsonObject): readonly string[] | undefined {
  if (typeof notice === "string")
    return plain(notice)
      .split("\n")
      .map((line) => `    │ ${clip(line, 200)}`);
  if (!Array.isArray(todos)) return undefined;
  return todos.flatMap((item) => {
    if (!isJsonObject(item) || typeof item["text"] !== "string") return [];
    return [`    ${todoMark(item["status"])} ${clip(item["text"], 110)}`];
  });
}

/** The mark of a thing to do, by its status. */
export function todoMark(status: unknown): string {
  const marks: Readonly<Record<string, string>> = { completed: "[x]", in_progress: "[>]", cancelled: "[-]" };
  return (typeof status === "string" ? marks[status] : undefined) ?? "[ ]";
}

function shorten(lines: readonly string[]): readonly string[] {
  const dropped = lines.length - maxHeadLines - maxTailLines;
  if (dropped <= 1) return lines;
  return [...lines.slice(0, maxHeadLines), `… ${dropped} more lines`, ...lines.slice(-maxTailLines)];
}

/** A unified diff without its header, coloured and harmless. */
export function diffLines(diff: string, style: Style): readonly string[] {
  const lines = plain(diff)
    .split("\n")
    .filter((line) => /^[-+ @]/u.test(line) && !/^(---|\+\+\+) /u.test(line));
  // What separates hunks says nothing before the first one.
  const inner = lines[0]?.startsWith("@@") === true ? lines.slice(1) : lines;
  const shown = inner.slice(0, maxDiffLines).map((line) => {
    if (line.startsWith("+")) return style("green", line);
    if (line.startsWith("-")) return style("red", line);
    return style("dim", line.startsWith("@@") ? "⋯" : line);
  });
  return inner.length <= maxDiffLines
    ? shown
    : [...shown, style("dim", `… ${inner.length - maxDiffLines} more lines`)];
}

/** Milliseconds as people say them. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  return seconds < 100 ? `${seconds.toFixed(1)} s` : `${Math.round(seconds / 60)} min`;
}

function exitFact(code: unknown): readonly string[] {
  return typeof code === "number" && code !== 0 ? [`exit ${code}`] : [];
}

function changeFact(added: unknown, removed: unknown): readonly string[] {
  return typeof added === "number" && typeof removed === "number" ? [`+${added} −${removed}`] : [];
}
