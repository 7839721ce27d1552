import { isJsonObject, isLabel, joinLabels, TauError } from "@tau/core";
import type { Json, JsonObject, Label } from "@tau/core";

import { defineTool } from "../define-tool.ts";
import { textOutput } from "../tool-output.ts";
import type { Tool, ToolContext, ToolOutput } from "../tool.ts";
import type { Module } from "./module.ts";

/** One step of a plan. */
export interface PlanStep {
  readonly title: string;
  readonly status: "pending" | "in_progress" | "completed" | "failed";
  /** What was learned, last. */
  readonly reflection?: string;
}

interface Plan {
  readonly goal: string;
  readonly steps: readonly PlanStep[];
  /** What the model had been shown when it wrote this. */
  readonly label?: Label;
}

interface UpdateInput {
  readonly step_number: number;
  readonly status: "in_progress" | "completed" | "failed";
  readonly reflection?: string;
}

/** Where a session keeps its plan. */
const key = "planning";

const marks: Readonly<Record<PlanStep["status"], string>> = {
  pending: "[ ]",
  in_progress: "[>]",
  completed: "[x]",
  failed: "[!]",
};

const statuses: readonly string[] = Object.keys(marks);

/**
 * Makes the module by which a model plans: `create_plan` and `update_plan`. The plan is in the session's log, so it is
 * there after a crash, in another process and after the conversation was cut.
 */
export function createPlanningModule(): Module {
  return {
    name: "planning",
    description: "Plans of several steps, kept in the session.",
    tools: () => [createPlanTool(), updatePlanTool()],
  };
}

function createPlanTool(): Tool<{ goal: string; steps: readonly string[] }> {
  return defineTool<{ goal: string; steps: readonly string[] }>({
    name: "create_plan",
    description:
      "Writes down your plan for a task of several steps, in place of the one before. Update it as you go.",
    input: {
      type: "object",
      properties: {
        goal: { type: "string", minLength: 1, maxLength: 1_000 },
        steps: {
          type: "array",
          minItems: 1,
          maxItems: 50,
          items: { type: "string", minLength: 1, maxLength: 500 },
        },
      },
      required: ["goal", "steps"],
      additionalProperties: false,
    },
    // Running it again with the same arguments ends the same.
    sideEffect: "idempotent",
    effects: [],
    execute: ({ goal, steps }, { shown }) => {
      const plan = { goal, steps: steps.map((title) => ({ title, status: "pending" as const })) };
      return answer(shown === undefined ? plan : { ...plan, label: shown });
    },
  });
}

function updatePlanTool(): Tool<UpdateInput> {
  return defineTool<UpdateInput>({
    name: "update_plan",
    description:
      "Notes how a step of your plan went, and answers with the whole plan. step_number counts from 1.",
    input: {
      type: "object",
      properties: {
        step_number: { type: "integer", minimum: 1 },
        status: { type: "string", enum: ["in_progress", "completed", "failed"] },
        reflection: {
          type: "string",
          maxLength: 2_000,
          description: "What you learned; what to do otherwise.",
        },
      },
      required: ["step_number", "status"],
      additionalProperties: false,
    },
    sideEffect: "idempotent",
    effects: [],
    execute: (input, context) => answer(updated(planOf(context), input, context.shown)),
  });
}

function updated(
  plan: Plan,
  { step_number, status, reflection }: UpdateInput,
  shown: Label | undefined,
): Plan {
  const step = plan.steps[step_number - 1];
  if (step === undefined) {
    throw new TauError(
      "plan.no_step",
      `The plan has ${plan.steps.length} steps, counted from 1: there is no step ${step_number}.`,
    );
  }
  const changed = { ...step, status, ...(reflection === undefined ? {} : { reflection }) };
  const labels = [plan.label, shown].flatMap((label) => label ?? []);
  return {
    goal: plan.goal,
    steps: plan.steps.with(step_number - 1, changed),
    ...(labels.length === 0 ? {} : { label: joinLabels(...labels) }),
  };
}

function answer(plan: Plan): ToolOutput {
  const lines = plan.steps.map(
    ({ title, status, reflection }, index) =>
      `${marks[status]} ${index + 1}. ${title}${reflection === undefined ? "" : `\n      ${reflection}`}`,
  );
  const next = plan.steps.findIndex(({ status }) => status === "pending" || status === "in_progress");
  const end = next === -1 ? "Every step has ended." : `Next: step ${next + 1}.`;
  const value = toJson(plan);
  return textOutput(`${plan.goal}\n${lines.join("\n")}\n${end}`, {
    value,
    details: { plan: value },
    keep: { [key]: value },
    ...(plan.label === undefined ? {} : { label: plan.label }),
  });
}

function toJson(plan: Plan): JsonObject {
  const copy: JsonObject = JSON.parse(JSON.stringify(plan));
  return copy;
}

function planOf({ kept = {} }: ToolContext): Plan {
  const plan = readPlan(kept[key]);
  if (plan !== undefined) return plan;
  throw new TauError("plan.none", "This session has no plan yet: make one with create_plan.");
}

/** What the log holds was written by some version of Tau: it is looked at before it is believed. */
function readPlan(value: Json | undefined): Plan | undefined {
  if (!isJsonObject(value) || typeof value["goal"] !== "string" || !Array.isArray(value["steps"]))
    return undefined;
  const steps: readonly unknown[] = value["steps"];
  const label: unknown = value["label"];
  if (!steps.every(isStep)) return undefined;
  return { goal: value["goal"], steps, ...(isLabel(label) ? { label } : {}) };
}

function isStep(step: unknown): step is PlanStep {
  return (
    typeof step === "object" &&
    step !== null &&
    "title" in step &&
    typeof step.title === "string" &&
    "status" in step &&
    typeof step.status === "string" &&
    statuses.includes(step.status)
  );
}
