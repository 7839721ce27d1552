import { posix } from "node:path";

import { TauError } from "@tau/core";
import { collectCommand, defineTool, textOutput } from "@tau/tools";
import type { Tool, ToolContext, ToolOutput } from "@tau/tools";

import { skillPathNames } from "./skill-path.ts";
import type { Skill } from "./skill.ts";

/** The name of the tool that runs scripts of skills. */
export const skillScriptToolName = "skill_script";

interface ScriptInput {
  readonly name: string;
  readonly script: string;
  readonly args?: readonly string[];
}

/** By the end of the name: who reads the script from its standard input. */
const interpreters: Readonly<Record<string, readonly [string, ...string[]]>> = {
  ".sh": ["bash", "-s", "--"],
  ".bash": ["bash", "-s", "--"],
  ".py": ["python3", "-B", "-"],
  ".js": ["node", "-"],
  ".mjs": ["node", "--input-type=module", "-"],
};

const timeoutMs = 300_000;

/**
 * Makes the tool that runs a script of a skill in the agent's environment, thus in its jail and under its rules for commands.
 * Undefined when no skill has scripts on a disk that commands could see.
 *
 * What runs are the very bytes that were locked: they are read and compared, then given to the interpreter, so that
 * nobody exchanges the file in between. The folder of the skill is in `SKILL_DIR`.
 */
export async function createSkillScriptTool(
  skills: readonly Skill[],
  signal: AbortSignal,
): Promise<Tool<ScriptInput> | undefined> {
  const scripts = new Map<string, readonly string[]>();
  for (const { name, files } of skills) {
    const { files: listed } = await files.list(signal);
    const found = listed
      .map(({ path }) => path)
      .filter((path) => path.startsWith("scripts/") && endOf(path) !== undefined);
    if (found.length > 0) scripts.set(name, found);
  }
  if (scripts.size === 0) return undefined;
  const byName = new Map(skills.map((skill) => [skill.name, skill]));
  return defineTool<ScriptInput>({
    name: skillScriptToolName,
    description: `Runs a script of a skill as it is, in the workspace: {"name": "pdf", "script": "scripts/fill.py", "args": ["a.pdf"]}. Scripts: ${[
      ...scripts,
    ]
      .map(([name, paths]) => `${name}: ${paths.join(", ")}`)
      .join("; ")
      .slice(0, 2_000)}`,
    input: {
      type: "object",
      properties: {
        name: { type: "string", enum: [...scripts.keys()] },
        script: { type: "string", minLength: 1 },
        args: { type: "array", items: { type: "string" }, maxItems: 100 },
      },
      required: ["name", "script"],
      additionalProperties: false,
    },
    sideEffect: "irreversible",
    timeoutMs: timeoutMs + 10_000,
    access: ({ name, script, args = [] }, workspace) => [
      { kind: "command", source: sourceOf(byName.get(name), script, args), cwd: workspace },
    ],
    execute: async (input, context) => await runScript(byName.get(input.name), input, context),
  });
}

async function runScript(
  skill: Skill | undefined,
  { script, args = [] }: ScriptInput,
  context: ToolContext,
): Promise<ToolOutput> {
  if (skill === undefined) throw new TauError("skill.not_found", "There is no such skill.");
  const path = skillPathNames(script).join("/");
  const interpreter = interpreters[endOf(path) ?? ""];
  if (!path.startsWith("scripts/") || interpreter === undefined)
    throw new TauError(
      "skill.invalid_path",
      `${JSON.stringify(script)} is no script of a skill that can be run: it lies in scripts/ and ends with ${Object.keys(interpreters).join(", ")}.`,
    );
  const { folder } = skill.files;
  const { exitCode, timedOut, durationMs, stdout, stderr } = await collectCommand(
    context.environment,
    {
      argv: [...interpreter, ...args],
      stdin: await skill.files.read(path, context.signal),
      timeoutMs,
      ...(folder === undefined ? {} : { env: { SKILL_DIR: folder } }),
      onOutput: (chunk) => context.progress(new TextDecoder().decode(chunk)),
    },
    context.signal,
  );
  const status = timedOut ? `It was stopped after ${timeoutMs / 1_000} s.` : `Exit code ${exitCode}.`;
  const errors = stderr === "" ? "" : `\n[errors]\n${stderr}`;
  return textOutput(`${status}\n${stdout}${errors}`.trimEnd(), {
    isError: timedOut,
    details: { skill: skill.name, script: path, exitCode, durationMs: Math.round(durationMs) },
  });
}

/** The command as rules look at it: the interpreter with the script's file. */
function sourceOf(skill: Skill | undefined, script: string, args: readonly string[]): string {
  const [program = "false"] = interpreters[endOf(script) ?? ""] ?? [];
  const path = posix.join(skill?.files.folder ?? "/nowhere", script);
  return [program, path, ...args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
}

function endOf(path: string): string | undefined {
  const end = posix.extname(path);
  return Object.hasOwn(interpreters, end) ? end : undefined;
}
