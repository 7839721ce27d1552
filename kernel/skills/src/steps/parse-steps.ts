import { isJsonObject } from "@tau/core";
import type { Json } from "@tau/core";
import { parseDocument } from "yaml";

import type { SkillFault } from "../skill.ts";
import { defaultDurationMs, maxDurationMs } from "../skill-backend.ts";
import type { SkillRequirements } from "../skill-backend.ts";
import { maxSteps, stepsFile } from "./step.ts";
import type { Step, StepsProgram } from "./step.ts";
import { faultOfReference, referencesIn } from "./template.ts";

/** What became of reading a steps.yaml. */
export type ParsedSteps =
  | { readonly ok: true; readonly program: StepsProgram }
  | { readonly ok: false; readonly faults: readonly SkillFault[] };

const maxLength = 64_000;
const namePattern = /^[a-z][a-z0-9_-]{0,63}$/u;

/** Reads a steps.yaml and checks it whole: names, tools, and that every reference leads to the input or a step before. */
export function parseSteps(text: string): ParsedSteps {
  const faults: SkillFault[] = [];
  const fail = (where: string, reason: string, fix: string): void =>
    void faults.push({ field: `${stepsFile} ${where}`.trim(), reason, fix });
  const value = parseYaml(text);
  if (!isJsonObject(value)) {
    fail("", typeof value === "string" ? value : "is not a mapping", "Begin it with `steps:`.");
    return { ok: false, faults };
  }
  for (const key of Object.keys(value))
    if (!["input", "steps", "output", "requires"].includes(key))
      fail(key, "is not known", "Its keys are input, steps, output and requires.");
  const { input = { type: "object" }, steps: listed, requires = {} } = value;
  if (!isJsonObject(input) || input["type"] !== "object")
    fail("input", "is not the schema of an object", "Write `type: object` and its `properties`.");
  const steps = stepsOf(listed, fail);
  const output = value["output"] ?? `\${steps.${steps.at(-1)?.name ?? ""}.output}`;
  const names = steps.map(({ name }) => name);
  for (const reference of referencesIn(output)) {
    const fault = faultOfReference(reference, names);
    if (fault !== undefined) fail("output", fault, "Correct the reference.");
  }
  const needs = requirementsOf(requires, steps, fail);
  if (faults.length > 0 || !isJsonObject(input) || needs === undefined) return { ok: false, faults };
  return { ok: true, program: { input, steps, output, requires: needs } };
}

type Fail = (where: string, reason: string, fix: string) => void;

/** The value, or a text that says why there is none. */
function parseYaml(text: string): Json {
  if (text.length > maxLength) return `is longer than ${maxLength} characters`;
  // A key that is a list or a map would be written as text, level by level: lines without end.
  const options = { schema: "core", stringKeys: true, logLevel: "silent", prettyErrors: false } as const;
  const document = parseDocument(text, options);
  const [error] = document.errors;
  // The stack's end; the parser keeps its own words for it.
  if (error?.code === "RESOURCE_EXHAUSTION") return "is nested too deeply";
  if (error !== undefined) return `is not YAML: ${error.message}`;
  try {
    // No aliases: a few lines of them unfold to gigabytes.
    const value: Json = document.toJS({ maxAliasCount: 0 });
    return value;
  } catch (problem) {
    if (problem instanceof RangeError) return "is nested too deeply";
    return "uses aliases, which are not read";
  }
}

function stepsOf(listed: Json | undefined, fail: Fail): readonly Step[] {
  if (!Array.isArray(listed) || listed.length === 0) {
    fail("steps", "are missing", "List at least one step.");
    return [];
  }
  if (listed.length > maxSteps) fail("steps", `are more than ${maxSteps}`, "Write a native skill instead.");
  const steps: Step[] = [];
  for (const [index, one] of listed.slice(0, maxSteps).entries()) {
    const step = stepOf(one, index, fail);
    if (step === undefined) continue;
    const known = steps.map(({ name }) => name);
    if (known.includes(step.name)) fail(step.name, "is there twice", "Give each step a name of its own.");
    for (const reference of referencesIn(step.kind === "tool" ? step.args : step.prompt)) {
      const fault = faultOfReference(reference, known);
      if (fault !== undefined) fail(step.name, fault, "Correct the reference.");
    }
    steps.push(step);
  }
  return steps;
}

function stepOf(value: Json, index: number, fail: Fail): Step | undefined {
  const where = `step ${index + 1}`;
  if (!isJsonObject(value)) {
    fail(where, "is not a mapping", "Give it a `name` and a `tool` or an `llm`.");
    return undefined;
  }
  const { name, tool, with: args = {}, llm, schema, ...unknown } = value;
  if (typeof name !== "string" || !namePattern.test(name)) {
    fail(where, "has no proper name", "Use lower-case letters, digits, _ and -, such as `name: fetch`.");
    return undefined;
  }
  for (const key of Object.keys(unknown))
    fail(name, `has an unknown key ${JSON.stringify(key)}`, "Remove it.");
  if ((tool === undefined) === (llm === undefined)) {
    fail(name, "has not exactly one of tool and llm", "Write `tool: read` or `llm: …`.");
    return undefined;
  }
  if (typeof tool === "string" && isJsonObject(args)) return { kind: "tool", name, tool, args };
  if (typeof llm === "string" && (schema === undefined || isJsonObject(schema)))
    return { kind: "llm", name, prompt: llm, ...(schema === undefined ? {} : { schema }) };
  fail(name, "cannot be read", "`tool` and `llm` are texts, `with` and `schema` are mappings.");
  return undefined;
}

function requirementsOf(value: Json, steps: readonly Step[], fail: Fail): SkillRequirements | undefined {
  const tools = steps.flatMap((step) => (step.kind === "tool" ? [step.tool] : []));
  if (!isJsonObject(value)) {
    fail("requires", "is not a mapping", "Write `scopes: […]`.");
    return undefined;
  }
  const { scopes = [], max_seconds: seconds = defaultDurationMs / 1_000 } = value;
  const isText = (one: unknown): one is string => typeof one === "string";
  if (!Array.isArray(scopes) || !scopes.every(isText)) {
    fail("requires.scopes", "is not a list of names", "Write `scopes: [name]`.");
    return undefined;
  }
  if (typeof seconds !== "number" || !(seconds > 0) || seconds > maxDurationMs / 1_000) {
    fail("requires.max_seconds", "is not between 0 and 600", "Choose a time in seconds.");
    return undefined;
  }
  return { tools: [...new Set(tools)], scopes, maxDurationMs: seconds * 1_000 };
}
