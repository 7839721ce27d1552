import { isJsonObject, joinLabels, parseJson, TauError, userLabel } from "@tau/core";
import type { JsonObject, Label, TextPart, ToolResultPart } from "@tau/core";
import type { ToolOutput } from "@tau/tools";

import type { SkillAnswer, SkillRun } from "../skill-backend.ts";
import type { Step, StepsProgram } from "./step.ts";
import { fill, fillPieces, textOfValue } from "./template.ts";
import type { Scope } from "./template.ts";

/**
 * Runs the steps one after the other. A step that fails ends the skill; what the steps before it did stays done, each
 * with events of its own.
 *
 * @throws TauError `skill.step_failed`, `skill.unavailable`
 */
export async function runSteps(program: StepsProgram, input: JsonObject, run: SkillRun): Promise<ToolOutput> {
  const outputs = new Map<string, SkillAnswer>();
  // The model wrote the input, out of whatever it was shown.
  const inputLabel = run.context.shown ?? userLabel;
  const scope: Scope = { input, inputLabel, outputs };
  for (const step of program.steps) {
    run.context.signal.throwIfAborted();
    run.tell({ type: "step_started", step: step.name, kind: step.kind });
    let isError = true;
    try {
      const output = step.kind === "tool" ? await callTool(step, scope, run) : await ask(step, scope, run);
      outputs.set(step.name, output);
      isError = false;
    } catch (error) {
      throw error instanceof RangeError ? failed(step.name, error.message) : error;
    } finally {
      run.tell({ type: "step_finished", step: step.name, isError });
    }
  }
  const label = joinLabels(inputLabel, ...[...outputs.values()].map((output) => output.label));
  try {
    const value = fill(program.output, scope);
    return { content: [{ type: "text", text: textOfValue(value) }], label, value };
  } catch (error) {
    throw error instanceof RangeError ? failed("output", error.message) : error;
  }
}

async function callTool(
  step: Extract<Step, { kind: "tool" }>,
  scope: Scope,
  { context }: SkillRun,
): Promise<SkillAnswer> {
  const { callTool: call, signal } = context;
  if (call === undefined) throw unavailable("call tools");
  const args = fill(step.args, scope);
  if (!isJsonObject(args)) throw new TypeError("A filled mapping is a mapping.");
  const result = await call(step.tool, args, signal);
  const text = textOfResult(result);
  if (result.isError) throw failed(step.name, `${step.tool} failed: ${text.slice(0, 1_000)}`);
  return { text, label: labelOfResult(result) };
}

async function ask(
  step: Extract<Step, { kind: "llm" }>,
  scope: Scope,
  { context, host }: SkillRun,
): Promise<SkillAnswer> {
  if (host.ask === undefined) throw unavailable("ask a model");
  const parts = fillPieces(step.prompt, scope).map(({ value, label }): TextPart => ({
    type: "text",
    text: textOfValue(value),
    ...(label === undefined ? {} : { label }),
  }));
  const { schema } = step;
  const { signal } = context;
  const answer = await host.ask({ parts, signal, ...(schema === undefined ? {} : { schema }) }, context);
  if (schema !== undefined && !parseJson(answer.text).ok)
    throw failed(step.name, "the model's answer is not JSON");
  const labels = parts.flatMap(({ label }) => (label === undefined ? [] : [label]));
  return { text: answer.text, label: joinLabels(answer.label, ...labels) };
}

function textOfResult({ content }: ToolResultPart): string {
  return content.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n");
}

function labelOfResult({ content }: ToolResultPart): Label {
  return joinLabels(...content.flatMap(({ label }) => (label === undefined ? [] : [label])));
}

function failed(step: string, reason: string): TauError {
  return new TauError(
    "skill.step_failed",
    `The skill stopped at its step "${step}": ${reason}. The steps before it are done and stay done.`,
  );
}

function unavailable(what: string): TauError {
  return new TauError(
    "skill.unavailable",
    `Nothing in this program lets skills ${what}. Do the task without it.`,
  );
}
